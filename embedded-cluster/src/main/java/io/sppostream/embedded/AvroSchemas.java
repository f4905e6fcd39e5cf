package io.sppostream.embedded;

import io.confluent.kafka.schemaregistry.CompatibilityLevel;
import io.confluent.kafka.schemaregistry.ParsedSchema;
import io.confluent.kafka.schemaregistry.ParsedSchemaHolder;
import io.confluent.kafka.schemaregistry.SchemaProvider;
import io.confluent.kafka.schemaregistry.SimpleParsedSchemaHolder;
import io.confluent.kafka.schemaregistry.avro.AvroSchema;
import io.confluent.kafka.schemaregistry.avro.AvroSchemaProvider;
import io.confluent.kafka.schemaregistry.client.SchemaVersionFetcher;
import io.confluent.kafka.schemaregistry.client.rest.entities.Schema;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Parses Avro schemas and compares them: equal or not, compatible or not. As thread-safe as its lookup. */
final class AvroSchemas {
    private final SchemaProvider provider = new AvroSchemaProvider();

    /** Looks up the schemas that others refer to. */
    @FunctionalInterface
    interface Lookup {
        Schema version(String subject, int version, boolean deletedToo);
    }

    AvroSchemas(Lookup lookup) {
        provider.configure(Map.of(SchemaProvider.SCHEMA_VERSION_FETCHER_CONFIG, new Fetcher(lookup)));
    }

    /**
     * Parses a schema and the schemas that it refers to.
     *
     * @param isNew whether it is to be registered, which is checked more strictly
     * @param normalize whether to bring it to a normal form, so that order and superfluous attributes do not matter
     * @throws RegistryError if it is not a valid Avro schema, or a reference cannot be resolved
     */
    ParsedSchema parse(Schema schema, boolean isNew, boolean normalize) {
        String type = schema.getSchemaType();
        if (type != null && !type.equals(AvroSchema.TYPE)) {
            throw RegistryError.invalidSchema(
                    "Invalid schema type " + type + ": the embedded registry takes AVRO only");
        }
        if (schema.getSchema() == null || schema.getSchema().isBlank()) {
            throw RegistryError.invalidSchema("Empty schema");
        }
        try {
            return provider.parseSchemaOrElseThrow(schema, isNew, normalize);
        } catch (RuntimeException e) {
            throw RegistryError.invalidSchema("Invalid schema: " + e.getMessage());
        }
    }

    /** The schema to store for a request, with the text of the parser instead of the sender's white space. */
    static Schema canonical(String subject, Schema asked, ParsedSchema parsed) {
        Schema schema = new Schema(subject, 0, 0);
        schema.setSchemaType(AvroSchema.TYPE);
        schema.setSchema(parsed.canonicalString());
        schema.setReferences(parsed.references());
        schema.setMetadata(asked.getMetadata());
        schema.setRuleSet(asked.getRuleSet());
        return schema;
    }

    /** The version with the same content as a canonical schema. */
    static Optional<Schema> same(List<Schema> versions, Schema canonical) {
        SchemaContent content = SchemaContent.of(canonical);
        return versions.stream()
                .filter(s -> SchemaContent.of(s).equals(content))
                .findFirst();
    }

    /** The version that equals a schema once its references are inlined, as a serializer sends it for a generated class. */
    Optional<Schema> sameInlined(List<Schema> versions, ParsedSchema parsed) {
        return parsed.references().isEmpty()
                ? versions.stream()
                        .filter(s -> !SchemaContent.of(s).references().isEmpty())
                        .filter(s -> parsed.equivalent(parse(s, false, false)))
                        .findFirst()
                : Optional.empty();
    }

    /** The differences that make a schema incompatible with other versions at a level; none if it is compatible. */
    List<String> differences(ParsedSchema schema, List<Schema> others, CompatibilityLevel level) {
        List<ParsedSchemaHolder> holders = new ArrayList<>();
        for (Schema other : others) {
            holders.add(new SimpleParsedSchemaHolder(parse(other, false, false).copy(other.getVersion())));
        }
        return schema.isCompatible(level, holders);
    }

    /** The lookup as Confluent's parser wants it. */
    private record Fetcher(Lookup lookup) implements SchemaVersionFetcher {
        @Override
        public @Nullable String tenant() {
            return null;
        }

        @Override
        public Schema getByVersion(String subject, int version, boolean lookupDeleted) {
            return lookup.version(subject, version, lookupDeleted);
        }
    }
}
