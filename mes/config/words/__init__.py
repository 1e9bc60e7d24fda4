"""The languages of the pages: what is to be translated, the catalogues, and whether they are complete."""
