package io.sppostream.events.catalogue;

import io.confluent.kafka.schemaregistry.CompatibilityChecker;
import io.confluent.kafka.schemaregistry.CompatibilityLevel;
import io.confluent.kafka.schemaregistry.avro.AvroSchema;
import io.confluent.kafka.schemaregistry.avro.AvroSchemaUtils;
import io.sppostream.events.JoinState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaFormatter;
import org.apache.avro.specific.SpecificRecord;

/**
 * Every version of an event's schema that a log may hold, as committed: {@code history/<Record>/v<n>.avsc}, each
 * complete in itself.
 */
final class SchemaHistory {
    private static final Path DIRECTORY = Path.of("src/test/resources/history");

    private SchemaHistory() {}

    /** The records on the topics of the catalogue, and those in state stores, whose changelogs are topics too. */
    static List<Class<? extends SpecificRecord>> types() {
        List<Class<? extends SpecificRecord>> types = new ArrayList<>();
        for (Topic<? extends SpecificRecord> topic : new Topics("any", 1).all()) {
            if (!types.contains(topic.valueType())) {
                types.add(topic.valueType());
            }
        }
        types.add(JoinState.class);
        return types;
    }

    /** A record's schema as the registry gets it: without what only Java cares for. */
    static Schema current(Class<? extends SpecificRecord> type) {
        try {
            return AvroSchemaUtils.getSchema(type.getDeclaredConstructor().newInstance(), false, false, true);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The committed versions, oldest first. */
    static List<Schema> versions(Class<? extends SpecificRecord> type) {
        List<Schema> versions = new ArrayList<>();
        try {
            for (Path file = file(type, 1); Files.exists(file); file = file(type, versions.size() + 1)) {
                versions.add(new Schema.Parser().parse(Files.readString(file)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return versions;
    }

    /** Files of a record's history; more than versions where their numbers have a gap. */
    static long files(Class<? extends SpecificRecord> type) {
        try (Stream<Path> files = Files.list(DIRECTORY.resolve(type.getSimpleName()))) {
            return files.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Commits a schema, where it is compatible, as the version after the newest. */
    static void write(Class<? extends SpecificRecord> type) {
        List<Schema> versions = versions(type);
        Schema current = current(type);
        if (!differences(current, versions).isEmpty()
                || (!versions.isEmpty() && text(current).equals(text(versions.get(versions.size() - 1))))) {
            return;
        }
        try {
            Path file = file(type, versions.size() + 1);
            Files.createDirectories(file.getParent());
            Files.writeString(file, text(current) + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What keeps a schema from being FULL_TRANSITIVE-compatible with the versions before it, as the registry sees it. */
    static List<String> differences(Schema schema, List<Schema> versions) {
        return CompatibilityChecker.checker(CompatibilityLevel.FULL_TRANSITIVE)
                .isCompatible(
                        new AvroSchema(schema),
                        versions.stream().map(AvroSchema::new).toList());
    }

    /** A schema as its file has it, descriptions included. */
    static String text(Schema schema) {
        return SchemaFormatter.format("json/pretty", schema);
    }

    static Path file(Class<? extends SpecificRecord> type, int version) {
        return DIRECTORY.resolve(type.getSimpleName()).resolve("v" + version + ".avsc");
    }
}
