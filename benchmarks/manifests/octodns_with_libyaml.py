"""octodns-sync, reading YAML with libyaml, and not with the parser in Python that it takes by itself."""

from __future__ import annotations

import yaml

yaml.SafeLoader = yaml.CSafeLoader

from octodns.cmds.sync import main  # noqa: E402  it takes the loader as it finds it

if __name__ == "__main__":
    main()
