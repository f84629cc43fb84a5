# How long an expected message may take on a busy machine.
ExUnit.start(capture_log: true, assert_receive_timeout: 10_000)
