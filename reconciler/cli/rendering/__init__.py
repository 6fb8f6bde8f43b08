"""How results look: documents for machines, tables and pages for people; one file per thing shown."""
