"""From result documents to what people read: tables, comparisons, leaderboards."""
