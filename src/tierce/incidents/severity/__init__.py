"""The severity of a breach, cohort by cohort: step by step, with floors, coupling and a conclusion by a person."""
