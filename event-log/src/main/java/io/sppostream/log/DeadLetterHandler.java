package io.sppostream.log;

import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.DeserializationExceptionHandler;
import org.apache.kafka.streams.errors.ErrorHandlerContext;

/**
 * Sends records that Kafka Streams cannot decode to the topic's dead-letter topic, in the transaction of the task, and
 * continues. If the registry is out, the application stops instead and reads the record again at its next
 * start.
 */
public final class DeadLetterHandler implements DeserializationExceptionHandler {
    /** Property with the {@link LogObserver} of the application. */
    public static final String OBSERVER = "sppo.observer";

    private String role = "";
    private LogObserver observer = LogObserver.NONE;

    @Override
    public Response handleError(
            ErrorHandlerContext context, ConsumerRecord<byte[], byte[]> record, Exception exception) {
        // All that Kafka or the registry throws, except for this type, is an outage or an interruption.
        boolean outage = exception instanceof LogException
                || (exception instanceof KafkaException && !(exception instanceof SerializationException));
        if (outage) {
            return Response.fail();
        }
        observer.deadLetter();
        return Response.resume(List.of(DeadLetters.of(record, role, exception)));
    }

    @Override
    public void configure(Map<String, ?> settings) {
        role = String.valueOf(settings.get(StreamsConfig.APPLICATION_ID_CONFIG));
        if (settings.get(OBSERVER) instanceof LogObserver given) {
            observer = given;
        }
    }
}
