"""The history of the schema. Additive first: the last release keeps running on a new schema."""
