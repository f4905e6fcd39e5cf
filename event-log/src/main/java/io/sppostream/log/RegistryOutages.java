package io.sppostream.log;

import io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.ThrottlingQuotaExceededException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells an outage of the registry from a record that is not an event, and waits until the outage is over. A registry
 * that cannot be reached, is overloaded, or refuses access says nothing about the record. Thread-safe.
 */
final class RegistryOutages implements AutoCloseable {
    /** How long a serializer waits for the registry in all: well below the time that a group allows between polls. */
    static final Duration PATIENCE = Duration.ofMinutes(1);

    private static final Logger LOG = LoggerFactory.getLogger(RegistryOutages.class);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    /** How long a registry of several nodes may take until all of them know a new schema. */
    private static final Duration REPLICATION = Duration.ofMillis(500);

    /** A pause for {@link #REPLICATION} is made this often at most, so that many unknown ids do not stop the reader. */
    private static final Duration BETWEEN_REPLICATION_PAUSES = Duration.ofSeconds(10);

    /** The registry did not answer, or what answered was not a registry. */
    static final class Unanswered extends IOException {
        private static final long serialVersionUID = 1;

        Unanswered(IOException cause) {
            super(cause);
        }
    }

    private final String url;
    private final Duration patience;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final AtomicLong nextReplicationPause = new AtomicLong(System.nanoTime());

    RegistryOutages(String url, Duration patience) {
        this.url = Redactor.text(url);
        this.patience = patience;
    }

    /**
     * Calls a deserializer, again and again while the registry is out.
     *
     * @throws SerializationException if the bytes are not an event: a second try has not found their schema either, or
     *     they cannot be decoded
     * @throws LogException if the outage lasts too long
     */
    <T> T reading(Supplier<T> deserialize) {
        return call(deserialize, true);
    }

    /**
     * Calls a serializer, again and again while the registry is out.
     *
     * @throws SerializationException if the registry refuses the schema
     * @throws LogException if the outage lasts too long
     */
    <T> T writing(Supplier<T> serialize) {
        return call(serialize, false);
    }

    private <T> T call(Supplier<T> call, boolean reading) {
        long begun = System.nanoTime();
        boolean askedAgain = false;
        boolean waiting = false;
        Duration pause = FIRST_PAUSE;
        while (true) {
            try {
                return call.get();
            } catch (KafkaException e) {
                if (isUnknown(e) && !askedAgain) {
                    askedAgain = true;
                    pause(replicationPause(), e);
                    continue;
                }
                if (!isOutage(e, reading)) {
                    throw e;
                }
                Duration left = patience.minusNanos(System.nanoTime() - begun);
                if (left.isNegative() || left.isZero()) {
                    throw unavailable(e);
                }
                if (!waiting) {
                    waiting = true;
                    LOG.warn("{}; trying again for {} s", unavailable(e).getMessage(), patience.toSeconds());
                }
                pause(pause.compareTo(left) < 0 ? pause : left, e);
                pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
            }
        }
    }

    private void pause(Duration pause, Exception outage) {
        try {
            if (closed.await(pause.toNanos(), TimeUnit.NANOSECONDS)) {
                throw unavailable(outage);
            }
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    private Duration replicationPause() {
        long now = System.nanoTime();
        long next = nextReplicationPause.get();
        boolean pauses =
                now - next >= 0 && nextReplicationPause.compareAndSet(next, now + BETWEEN_REPLICATION_PAUSES.toNanos());
        return pauses ? REPLICATION : Duration.ZERO;
    }

    /** Whether the registry itself says that it has no such schema. Another server's 404 means that the URL is wrong. */
    private static boolean isUnknown(Throwable error) {
        RestClientException answer = find(RestClientException.class, error);
        return answer != null && answer.getStatus() == 404 && answer.getErrorCode() / 100 == 404;
    }

    private static boolean isOutage(KafkaException error, boolean reading) {
        // Kafka's exceptions for refused access are subclasses of this one.
        if (error instanceof InterruptException || error.getClass() == InvalidConfigurationException.class) {
            return false;
        }
        // Confluent's client has exceptions of Kafka's for some statuses; all that may be a bad record is of this type.
        if (!(error instanceof SerializationException)) {
            return true;
        }
        RestClientException answer = find(RestClientException.class, error);
        if (answer != null) {
            int status = answer.getStatus();
            return !isUnknown(answer) && (reading || status == 404 || status == 407 || status >= 500);
        }
        return find(Unanswered.class, error) != null
                || find(SocketException.class, error) != null
                || find(InterruptedIOException.class, error) != null
                || find(UnknownHostException.class, error) != null
                || find(SSLException.class, error) != null;
    }

    /** The exception that ends a role, in one line. */
    LogException unavailable(Exception error) {
        RestClientException answer = find(RestClientException.class, error);
        int status = answer != null
                ? answer.getStatus()
                : find(ThrottlingQuotaExceededException.class, error) != null ? 429 : 0;
        String what = switch (status) {
            case 0 -> "can't be reached: " + LogException.reason(error);
            case 401, 403, 407 ->
                "refuses access: " + LogException.reason(error)
                        + " (check its credentials, such as kafka.basic.auth.user.info)";
            default -> "can't answer (status " + status + "): " + LogException.reason(error);
        };
        return new LogException("the schema registry at " + url + " " + what, error);
    }

    private static <T extends Throwable> @Nullable T find(Class<T> type, Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return type.cast(cause);
            }
        }
        return null;
    }

    /** Ends all waits. */
    @Override
    public void close() {
        closed.countDown();
    }
}
