"""End-to-end proof: real browsers, the real stack, judged by pixels and waveforms."""
