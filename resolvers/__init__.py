"""What happens when something is said: the table of operations, their resolvers, and the way in over HTTP."""
