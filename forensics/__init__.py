"""取证与出证: preservation of evidence over decades, and what is handed to a court."""
