"""People and programs: users, roles, API tokens, and the one policy table."""
