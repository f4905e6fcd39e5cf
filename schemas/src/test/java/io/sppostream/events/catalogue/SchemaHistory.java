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
 * The committed history of schemas: every version that a log may hold, in {@code history/<Record>/v<n>.avsc}. Each file
 * is self-contained.
 */
final class SchemaHistory {
    private static final Path DIRECTORY = Path.of("src/test/resources/history");

    private SchemaHistory() {}

    /** The events on the topics of the catalogue, and the values of state stores, whose changelogs are topics too. */
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

    /** A record's schema as it is registered: without properties for Java code generation. */
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

    /** Number of files in a record's history; greater than the number of versions if a number is skipped. */
    static long files(Class<? extends SpecificRecord> type) {
        try (Stream<Path> files = Files.list(DIRECTORY.resolve(type.getSimpleName()))) {
            return files.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes a changed schema as the next version, if it is compatible. */
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

    /** The reasons why a schema is not FULL_TRANSITIVE-compatible with earlier versions, by the registry's check. */
    static List<String> differences(Schema schema, List<Schema> versions) {
        return CompatibilityChecker.checker(CompatibilityLevel.FULL_TRANSITIVE)
                .isCompatible(
                        new AvroSchema(schema),
                        versions.stream().map(AvroSchema::new).toList());
    }

    /** The text of a schema in its file, docs included. */
    static String text(Schema schema) {
        return SchemaFormatter.format("json/pretty", schema);
    }

    static Path file(Class<? extends SpecificRecord> type, int version) {
        return DIRECTORY.resolve(type.getSimpleName()).resolve("v" + version + ".avsc");
    }
}
