//! Who publishes.

use outrigger_events::stream::{Event, Schemas, Work};
use outrigger_pubsub::Publisher;

use crate::error::StreamError;
use crate::made::Made;
use crate::stream::{EventStream, Known};

/// Publishes events. Their messages arrive at each subscriber in the order in which they were published; two sources have no order between
/// them: take one for each task.
#[derive(Debug)]
pub struct Source {
    stream: EventStream,
    publisher: Publisher,
    schemas: Schemas,
    work: Work,
    made: Made,
}

impl Source {
    pub(crate) fn new(stream: EventStream, publisher: Publisher) -> Self {
        Self { stream, publisher, schemas: Schemas::default(), work: Work::default(), made: Made::default() }
    }

    /// The schemas behind the frames of the events that follow, instead of those before.
    pub fn set_schemas(&mut self, schemas: Schemas) {
        self.schemas = schemas;
    }

    /// Decodes an event, and broadcasts what each view takes of it; waits where [`Publisher::broadcast`] does. `false`: it could not be decoded, and
    /// what was broadcast is a dead letter. When this is given up, the first views may have got theirs and others not.
    ///
    /// # Errors
    /// The stream's text is of another version, or a message cannot be published.
    pub async fn publish(&mut self, event: &Event<'_>) -> Result<bool, StreamError> {
        let stream: Known = self.stream.now()?;
        let Self { schemas, work, made, publisher, .. } = self;
        made.clear();
        let decoded = stream.take(event, schemas, work, |topic, message| made.push(topic, message));
        for message in made.iter() {
            let (topic, message) = message.map_err(StreamError::Message)?;
            publisher.broadcast(topic, &message).await?;
        }
        Ok(decoded)
    }
}
