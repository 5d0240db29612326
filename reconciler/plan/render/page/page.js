"use strict";
(() => {
  document.documentElement.classList.remove("no-script");
  const data = JSON.parse(document.getElementById("data").textContent);
  const counted = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  // The list: tiles choose kinds, the field looks at every word of an entry and at its instances.
  const entries = [...document.querySelectorAll(".change")].map((node, number) => ({
    node, number, kind: node.dataset.kind, text: node.textContent.toLowerCase(),
  }));
  const subjects = data.subjects.map((name) => name.toLowerCase());
  const tiles = [...document.querySelectorAll(".tile")];
  const query = document.getElementById("query");
  const isAbout = (number, hits) =>
    data.entries[number].some(([from, to]) => {
      for (let each = from; each <= to; each += 1) if (hits[each]) return true;
      return false;
    });
  const filter = () => {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    const kinds = new Set(tiles.filter((tile) => tile.ariaPressed === "true").map((tile) => tile.dataset.kind));
    const hits = words.map((word) => subjects.map((name) => name.includes(word)));
    let shown = 0;
    for (const { node, number, kind, text } of entries) {
      const meant = (kinds.size === 0 || kinds.has(kind))
        && words.every((word, index) => text.includes(word) || isAbout(number, hits[index]));
      node.hidden = !meant;
      shown += meant ? 1 : 0;
    }
    const all = shown === entries.length;
    document.getElementById("shown").textContent =
      all ? counted(shown, data.noun) : `${shown.toLocaleString("en")} of ${counted(entries.length, data.noun)}`;
  };
  for (const tile of tiles) {
    tile.addEventListener("click", () => {
      tile.ariaPressed = tile.ariaPressed === "true" ? "false" : "true";
      if (query) filter();
    });
  }
  if (query) {
    query.addEventListener("input", filter);
    filter();
  }
  for (const details of document.querySelectorAll(".which")) {
    details.addEventListener("toggle", () => {
      if (details.childElementCount > 1) return;
      const names = data.entries[details.dataset.change]
        .flatMap(([from, to]) => data.subjects.slice(from, to + 1));
      const list = element("p", "", names.join(", "));
      list.tabIndex = 0;
      list.setAttribute("role", "group");
      list.setAttribute("aria-label", details.dataset.label);
      details.append(list);
    });
  }

  // The table: equal rows are one, and only the rows in sight are in the document.
  const { matrix } = data;
  if (!matrix || !document.getElementById("matrix")) return;
  const ROW = 30;
  const scroll = document.getElementById("matrix");
  const find = document.getElementById("find");
  const fold = document.getElementById("fold");
  const only = document.getElementById("only");
  const calm = new Set(data.cells.filter((each) => each.calm).map((each) => each.letter));
  const changes = (row) => [...row].some((cell) => !calm.has(cell));
  const remark = (number, column) => {
    const said = matrix.remarked.length ? matrix.remarks[matrix.remarked[number][column]] : "";
    return said ? `, ${said}` : "";
  };
  const open = new Set();
  let lines = [];

  const prototypes = new Map(data.cells.map(({ letter, sign, says, name }) => {
    const cell = element("td");
    const mark = element("span", `c-${name}`, sign);
    mark.ariaHidden = "true";
    cell.append(mark, element("span", "vh", says));
    return [letter, { cell, says }];
  }));

  const arrange = () => {
    const word = find.value.trim().toLowerCase();
    const patterns = new Map();
    matrix.instances.forEach((name, number) => {
      const row = matrix.rows[number];
      if ((word && !name.toLowerCase().includes(word)) || (only.checked && !changes(row))) return;
      const key = fold.checked ? `${row} ${matrix.others[number]}` : name;
      if (patterns.has(key)) patterns.get(key).push(number);
      else patterns.set(key, [number]);
    });
    const sorted = [...patterns];
    if (fold.checked) sorted.sort((one, other) => other[1].length - one[1].length || one[1][0] - other[1][0]);
    lines = sorted.flatMap(([key, numbers]) => {
      if (numbers.length === 1) return [{ number: numbers[0] }];
      const head = { number: numbers[0], count: numbers.length, key };
      return open.has(key) ? [head, ...numbers.map((number) => ({ number, member: true }))] : [head];
    });
    const shown = sorted.reduce((sum, [, numbers]) => sum + numbers.length, 0);
    const kinds = fold.checked ? ` in ${counted(sorted.length, "different row")}` : "";
    document.getElementById("rows-shown").textContent =
      `${counted(shown, "instance")}${kinds}, ${counted(matrix.clients.length + matrix.leftOut, "client name")}`;
    draw();
  };

  const body = element("tbody");
  const table = element("table", "grid");
  const head = element("tr");
  const corner = element("th", "", "Instance");
  corner.scope = "col";
  head.append(corner);
  for (const name of [...matrix.clients, ...(matrix.leftOut ? ["other clients"] : [])]) {
    const column = element("th");
    const tall = element("span", "tall", name);
    column.scope = "col";
    column.title = name;
    column.append(tall);
    head.append(column);
  }
  const thead = element("thead");
  head.setAttribute("aria-rowindex", "1");
  thead.append(head);
  const caption = element("caption", "vh", "What becomes of each client on each instance");
  table.append(caption, thead, body);

  const heading = ({ number, count, key, member }) => {
    const cell = element("th", member ? "member" : "");
    const name = matrix.instances[number];
    cell.scope = "row";
    cell.title = name;
    if (!count) {
      cell.append(element("bdi", "", name));
      return cell;
    }
    const button = element("button", "", counted(count, "instance"));
    button.append(element("span", "like", ` like ${name}`));
    button.type = "button";
    button.ariaExpanded = open.has(key) ? "true" : "false";
    button.addEventListener("click", () => {
      if (!open.delete(key)) open.add(key);
      arrange();
      body.querySelector(`button[data-number="${number}"]`)?.focus();
    });
    button.dataset.number = number;
    cell.append(button);
    return cell;
  };
  const rowOf = (line, index) => {
    const row = element("tr");
    row.setAttribute("aria-rowindex", index + 2);
    row.append(heading(line));
    [...matrix.rows[line.number]].forEach((code, column) => {
      const { cell, says } = prototypes.get(code);
      const made = cell.cloneNode(true);
      const more = line.count ? "" : remark(line.number, column);
      made.lastChild.textContent = says + more;
      made.title = `${matrix.clients[column]}: ${says}${more}`;
      row.append(made);
    });
    if (matrix.leftOut) row.append(element("td", "c-others", matrix.others[line.number] || ""));
    return row;
  };
  const gap = (rows) => {
    const row = element("tr", "gap");
    const cell = element("td");
    row.ariaHidden = "true";
    cell.colSpan = matrix.clients.length + 1 + (matrix.leftOut ? 1 : 0);
    cell.style.height = `${rows * ROW}px`;
    row.append(cell);
    return row;
  };

  let drawn = "";
  const draw = (everything = false) => {
    const first = everything ? 0 : Math.max(0, Math.floor(scroll.scrollTop / ROW) - 10);
    const last = everything ? lines.length : Math.min(lines.length, first + Math.ceil((scroll.clientHeight || 800) / ROW) + 20);
    const focused = body.contains(document.activeElement) ? document.activeElement.dataset.number : undefined;
    table.setAttribute("aria-rowcount", lines.length + 1);
    const rows = lines.slice(first, last).map((line, index) => rowOf(line, first + index));
    if (first > 0) rows.unshift(gap(first));
    if (last < lines.length) rows.push(gap(lines.length - last));
    body.replaceChildren(...rows);
    drawn = `${first}-${last}`;
    if (focused !== undefined) body.querySelector(`button[data-number="${focused}"]`)?.focus({ preventScroll: true });
  };
  scroll.append(table);
  let asked = false;
  scroll.addEventListener("scroll", () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      const first = Math.max(0, Math.floor(scroll.scrollTop / ROW) - 10);
      if (!drawn.startsWith(`${first}-`)) draw();
    });
  }, { passive: true });
  for (const control of [find, fold, only]) {
    control.addEventListener("input", () => {
      scroll.scrollTop = 0;
      arrange();
    });
  }
  window.addEventListener("beforeprint", () => draw(true));
  window.addEventListener("afterprint", () => draw());
  arrange();
})();
