"""What a check is made of: clauses, cases, what is drawn, how results are compared and judged."""
