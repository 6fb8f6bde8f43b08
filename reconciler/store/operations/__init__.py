"""What people do to the running system; each operation is one transaction, all or nothing."""
