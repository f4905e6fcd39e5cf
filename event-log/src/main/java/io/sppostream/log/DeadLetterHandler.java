package io.sppostream.log;

import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.errors.DeserializationExceptionHandler;
import org.apache.kafka.streams.errors.ErrorHandlerContext;

/**
 * Sends what Kafka Streams can't decode to the topic's dead letters, in the same transaction, and goes on. Where it is
 * the registry that fails, the application stops instead: the record is read again at its next start.
 */
public final class DeadLetterHandler implements DeserializationExceptionHandler {
    @Override
    public Response handleError(
            ErrorHandlerContext context, ConsumerRecord<byte[], byte[]> record, Exception exception) {
        if (exception instanceof LogException) {
            return Response.fail();
        }
        return Response.resume(List.of(DeadLetters.of(
                context.topic(),
                context.partition(),
                context.offset(),
                context.sourceRawKey(),
                context.sourceRawValue(),
                context.headers() == null ? new RecordHeaders() : context.headers(),
                context.taskId().toString(),
                exception)));
    }

    @Override
    public void configure(Map<String, ?> configs) {}
}
