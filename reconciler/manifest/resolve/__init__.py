"""Turn the values of a valid document into the model: instances, clients and sink targets.

`resolver` combines the parts: `client_sets` and `instance_selector` decide which client belongs to
which instance, `connection` resolves sign-on and endpoints, `sinks` and `sink_targets` resolve
deliveries, `lifecycle` resolves rotation and removal, `recipients` resolves encryption keys, and
`placeholders` fills templates.
"""
