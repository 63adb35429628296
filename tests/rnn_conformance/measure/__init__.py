"""Programs that measure the suite itself: `rnn-conformance measure …`."""
