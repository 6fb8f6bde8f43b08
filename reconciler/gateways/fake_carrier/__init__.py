"""A carrier for tests, demos and people who write a gateway: its own process, no phones, a ledger on disk.

| File | Is |
| --- | --- |
| ledger.py | every order and every ring, written down before it happens |
| carrier.py | rings, answers and reports, as a profile says |
| profile.py | what a profile may hold: how calls go, and how the carrier misbehaves |
| outbox.py | events that wait to be polled for, or to be sent to a callback |
| app.py | the gateway protocol over HTTP |
| serving.py | all of it as a process |
"""
