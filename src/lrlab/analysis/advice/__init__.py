"""Which schedule to begin with, from graded rules: what is asked, the rules, the stored studies, the weighing."""
