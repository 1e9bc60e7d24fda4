"""What people are guided by at a machine: checklists with their answers, and work instructions."""
