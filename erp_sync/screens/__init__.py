"""The planner's pages: the schedule board, the connections, and whatever needs a person between ERP and floor."""
