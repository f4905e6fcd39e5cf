package io.sppostream.log;

import io.confluent.kafka.schemaregistry.CompatibilityLevel;
import io.confluent.kafka.schemaregistry.SimpleParsedSchemaHolder;
import io.confluent.kafka.schemaregistry.avro.AvroSchema;
import io.confluent.kafka.schemaregistry.avro.AvroSchemaUtils;
import io.confluent.kafka.schemaregistry.client.SchemaRegistryClient;
import io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.avro.specific.SpecificRecord;

/**
 * The registry's subjects, one for each topic: {@code <topic>-value}. Each has the compatibility level FULL_TRANSITIVE of
 * its own, whatever the registry's default is: every version of the software reads the events of every other.
 */
final class SchemaSubjects {
    private static final String LEVEL = CompatibilityLevel.FULL_TRANSITIVE.name;
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int NOT_FOUND = 404;
    private static final String READ_IT = "this user needs to read it";

    /** The description in a difference as Confluent's classes write it. */
    private static final Pattern DESCRIPTION = Pattern.compile("description:'(.*)', additionalInfo:");

    private static final int CONCURRENT_REQUESTS = 4;

    private final SchemaRegistryClient registry;
    private final RegistryOutages outages;

    SchemaSubjects(SchemaRegistryClient registry, RegistryOutages outages) {
        this.registry = registry;
        this.outages = outages;
    }

    /** A request to the registry. */
    private interface Request<T> {
        T send() throws IOException, RestClientException;
    }

    private static String subject(String topic) {
        return topic + "-value";
    }

    /**
     * Registers the schemas of all topics, and sets the level of their subjects.
     *
     * @throws LogException if the registry refuses a schema or a level, or cannot be reached
     */
    void register(Topics topics) {
        // Before the first versions, so that no incompatible second one can come in between.
        setLevels(topics);
        // One after the other, so that a new registry gives the same ids each time.
        for (Topic<? extends SpecificRecord> topic : topics.all()) {
            String subject = subject(topic.name());
            ask(
                    () -> registry.register(subject, schema(topic)),
                    "the schema of " + topic.name(),
                    "use another namespace, or make the schema compatible with the registered one");
        }
    }

    /**
     * Compares the schemas of all topics with the registered versions, and changes nothing. The rule is that of the level
     * that {@link #register} sets, whatever level a subject has now.
     *
     * @return for each version that a schema is incompatible with: subject, version, and the differences
     * @throws LogException if the registry cannot be reached
     */
    List<String> incompatibilities(Topics topics) {
        List<String> found = new ArrayList<>();
        for (Topic<? extends SpecificRecord> topic : topics.all()) {
            String subject = subject(topic.name());
            List<Integer> versions = askIfPresent(
                            () -> registry.getAllVersions(subject), "to list the versions of " + subject, READ_IT)
                    .orElse(List.of());
            for (int version : versions) {
                askIfPresent(
                                () -> registry.getSchemaMetadata(subject, version)
                                        .getSchema(),
                                "to show version " + version + " of " + subject,
                                READ_IT)
                        .map(registered -> differences(schema(topic), new AvroSchema(registered)))
                        .filter(differences -> !differences.isEmpty())
                        .ifPresent(differences ->
                                found.add(subject + ", version " + version + ": " + String.join("; ", differences)));
            }
        }
        return found;
    }

    /** What makes two schemas incompatible, in either direction: which field, and why. */
    private static List<String> differences(AvroSchema schema, AvroSchema registered) {
        return schema.isCompatible(CompatibilityLevel.FULL, List.of(new SimpleParsedSchemaHolder(registered))).stream()
                .map(DESCRIPTION::matcher)
                .filter(Matcher::find)
                .map(description -> description.group(1))
                .distinct()
                .toList();
    }

    /** Sets the level of the subjects that do not have it, several at a time: each takes two requests. */
    private void setLevels(Topics topics) {
        ExecutorService threads = Executors.newFixedThreadPool(CONCURRENT_REQUESTS, task -> {
            Thread thread = new Thread(task, "schema-levels");
            thread.setDaemon(true);
            return thread;
        });
        try {
            List<CompletableFuture<Void>> settings = topics.all().stream()
                    .map(topic -> CompletableFuture.runAsync(() -> setLevel(subject(topic.name())), threads))
                    .toList();
            settings.forEach(CompletableFuture::join);
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        } finally {
            threads.shutdownNow();
        }
    }

    private void setLevel(String subject) {
        if (!LEVEL.equals(level(subject))) {
            ask(
                    () -> registry.updateCompatibility(subject, LEVEL),
                    "to set the compatibility of " + subject + " to " + LEVEL,
                    "ask its administrator to set it, and give --set kafka.auto.register.schemas=false");
        }
    }

    /**
     * Checks the schemas and levels of all topics, and changes nothing.
     *
     * @throws LogException if one is missing, or the registry cannot be reached
     */
    void check(Topics topics) {
        List<String> missing = new ArrayList<>();
        List<String> unlevelled = new ArrayList<>();
        for (Topic<? extends SpecificRecord> topic : topics.all()) {
            String subject = subject(topic.name());
            if (!isRegistered(subject, topic)) {
                missing.add(subject);
            } else if (!LEVEL.equals(level(subject))) {
                unlevelled.add(subject);
            }
        }
        if (!missing.isEmpty()) {
            throw new LogException("auto.register.schemas is false, and the registry lacks the schema of "
                    + String.join(", ", missing) + ": register them by ./sppo topics --create without that setting");
        }
        if (!unlevelled.isEmpty()) {
            throw new LogException("auto.register.schemas is false, and the compatibility is not " + LEVEL + " for "
                    + String.join(", ", unlevelled) + ": set it by ./sppo topics --create without that setting");
        }
    }

    private boolean isRegistered(String subject, Topic<?> topic) {
        return askIfPresent(() -> registry.getId(subject, schema(topic)), "to look up " + subject, "see its log")
                .isPresent();
    }

    /** The subject's own level; empty if it has none. */
    private String level(String subject) {
        return askIfPresent(
                        () -> registry.getCompatibility(subject), "to tell the compatibility of " + subject, READ_IT)
                .orElse("");
    }

    private static AvroSchema schema(Topic<?> topic) {
        try {
            Object event = topic.valueType().getDeclaredConstructor().newInstance();
            return new AvroSchema(AvroSchemaUtils.getSchema(event, false, false, true));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Deletes the subjects of topics, for good.
     *
     * @throws LogException if the registry refuses it, or cannot be reached
     */
    void unregister(Collection<String> topics) {
        for (String topic : topics) {
            // A registry deletes a subject for good only after it was marked as deleted.
            unregister(subject(topic), false);
            unregister(subject(topic), true);
        }
    }

    private void unregister(String subject, boolean permanent) {
        askIfPresent(
                () -> registry.deleteSubject(subject, permanent),
                "to delete subject " + subject,
                "does this user have the permission?");
    }

    /** The answer of the registry; empty if it has not what it is asked for. */
    private <T> Optional<T> askIfPresent(Request<T> request, String what, String mend) {
        try {
            return Optional.ofNullable(request.send());
        } catch (RestClientException e) {
            if (e.getStatus() == NOT_FOUND) {
                return Optional.empty();
            }
            throw refused(what, e, mend);
        } catch (IOException e) {
            throw outages.unavailable(e);
        }
    }

    private void ask(Request<?> request, String what, String mend) {
        try {
            request.send();
        } catch (RestClientException e) {
            throw refused(what, e, mend);
        } catch (IOException e) {
            throw outages.unavailable(e);
        }
    }

    private LogException refused(String what, RestClientException error, String mend) {
        if (error.getStatus() == UNAUTHORIZED || error.getStatus() == FORBIDDEN) {
            return outages.unavailable(error);
        }
        return new LogException(
                "the schema registry refuses " + what + ": " + LogException.reason(error) + " (" + mend + ")");
    }
}
