"""
The backend over HTTP: an API for programs (`api`), and a page for its operator (`pages`).

Off unless the settings have a table ``[web]``. Nothing here decides anything about chargers: what
is asked goes to `backend.adapters.ocpp_commands`, what is shown comes from the store.
"""
