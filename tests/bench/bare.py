"""Make an apply's calls with aiohttp alone: the baseline of the benchmark of apply.

`python bare.py API INSTANCE_TEMPLATE INSTANCES CLIENTS CONCURRENCY` signs on, lists, creates and
lists again, each stage with CONCURRENCY calls at once. It keeps nothing and checks statuses only.
"""

import asyncio
import sys
from collections.abc import Awaitable, Iterable

import aiohttp


async def stage(calls: Iterable[Awaitable[None]], concurrency: int) -> None:
    """Await all calls, `concurrency` at once."""
    waiting = iter(list(calls))

    async def work() -> None:
        for call in waiting:
            await call

    await asyncio.gather(*(work() for _ in range(concurrency)))


async def main(api: str, template: str, instances: int, clients: int, concurrency: int) -> None:
    """Make the calls of an apply that creates `clients` clients on each instance."""
    domains = [f"instance-{n:05}.domo.com" for n in range(instances)]
    tokens: dict[str, str] = {}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, raise_for_status=True) as session:

        def at(domain: str, path: str) -> str:
            return template.replace("{domain}", domain) + path

        async def sign_on(domain: str) -> None:
            body = {"method": "password", "emailAddress": "ops@acme.example", "password": "right"}
            url = at(domain, "/api/content/v2/authentication")
            origin = {"Origin": f"https://{domain}"}
            async with session.post(url, headers=origin, json=body) as answer:
                tokens[domain] = (await answer.json())["sessionToken"]

        async def listed(domain: str) -> None:
            headers = {"X-DOMO-Authentication": tokens[domain]}
            url = at(domain, "/api/identity/v1/developer-tokens")
            async with session.get(url, headers=headers) as answer:
                await answer.json()

        async def create(domain: str, number: int) -> None:
            headers = {
                "X-DOMO-Authentication": tokens[domain],
                "X-DOMO-CustomerDomain": domain,
            }
            body = {"name": f"Bare {number}", "description": "", "scope": ["data"]}
            async with session.post(f"{api}/clients", headers=headers, json=body) as answer:
                await answer.json()

        await stage(map(sign_on, domains), concurrency)
        await stage(map(listed, domains), concurrency)
        created = [(domain, number) for number in range(clients) for domain in domains]
        await stage((create(domain, number) for domain, number in created), concurrency)
        await stage(map(listed, domains), concurrency)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])))
