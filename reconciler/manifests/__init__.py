"""Files to manifests: strict YAML with positions, contact files, discovery."""
