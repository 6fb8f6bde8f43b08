"""The gateway `http`: a carrier, or an adapter in front of one, that speaks the gateway protocol over HTTP.

| File | Is |
| --- | --- |
| wire.py | what is sent: orders, inquiries, events |
| client.py | requests, and what their failure proves |
| line.py | what becomes of calls: batches, look-ups, outages, events |
| gateway.py | the thread that all of this runs in, and the port |
| callbacks.py | events that the carrier sends by itself, signed |
| openapi.py | the protocol as an OpenAPI document |
"""
