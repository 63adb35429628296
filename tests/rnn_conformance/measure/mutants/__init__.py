"""Small changes of a framework's own source, and who notices them: `rnn-conformance measure mutants`."""
