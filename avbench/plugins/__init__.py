"""How plugins are looked for, loaded each in isolation, and what they contribute is looked up by name."""
