"""Where the batches of feeds arrive: a folder, a web server, a bucket; and how one is read."""
