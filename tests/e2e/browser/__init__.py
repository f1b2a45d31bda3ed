"""Pages in a real Chromium, as people see and use them: one portal, empty first, then the demo."""
