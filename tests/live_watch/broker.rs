//! RabbitMQ's node, out of Debian's package: something that we did not write.
