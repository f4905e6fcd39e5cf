package io.sppostream.embedded;

import io.confluent.kafka.schemaregistry.client.rest.entities.Metadata;
import io.confluent.kafka.schemaregistry.client.rest.entities.RuleSet;
import io.confluent.kafka.schemaregistry.client.rest.entities.Schema;
import io.confluent.kafka.schemaregistry.client.rest.entities.SchemaReference;
import io.confluent.kafka.schemaregistry.utils.JacksonMapper;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Encodes and decodes the records of Confluent's {@code _schemas} topic: JSON keys and values. Fields are in the order of
 * Confluent's server, since compaction compares keys as bytes. Stateless.
 */
final class RegistryRecordCodec {
    private RegistryRecordCodec() {}

    /** Key and value of one Kafka record; {@code null} is a tombstone. */
    record Encoded(String key, @Nullable String value) {}

    /** The Kafka record of a change. */
    static Encoded encode(RegistryRecord record) {
        if (record instanceof RegistryRecord.Version v) {
            Schema schema = v.schema();
            Map<String, Object> value = new LinkedHashMap<>();
            value.put("subject", schema.getSubject());
            value.put("version", schema.getVersion());
            value.put("id", schema.getId());
            if (!schema.getReferences().isEmpty()) {
                value.put("references", schema.getReferences());
            }
            if (schema.getMetadata() != null) {
                value.put("metadata", schema.getMetadata());
            }
            if (schema.getRuleSet() != null) {
                value.put("ruleSet", schema.getRuleSet());
            }
            value.put("schema", schema.getSchema());
            value.put("deleted", v.deleted());
            return new Encoded(versionKey(schema.getSubject(), schema.getVersion()), json(value));
        }
        if (record instanceof RegistryRecord.VersionErased e) {
            return new Encoded(versionKey(e.subject(), e.version()), null);
        }
        if (record instanceof RegistryRecord.SubjectDeleted d) {
            Map<String, Object> value = new LinkedHashMap<>();
            value.put("subject", d.subject());
            value.put("version", d.upToVersion());
            return new Encoded(key("DELETE_SUBJECT", d.subject(), null, 0), json(value));
        }
        if (record instanceof RegistryRecord.Compatibility c) {
            String key = key("CONFIG", c.subject(), null, 0);
            if (c.level() == null) {
                return new Encoded(key, null);
            }
            Map<String, Object> value = new LinkedHashMap<>();
            if (c.subject() != null) {
                value.put("subject", c.subject());
            }
            value.put("compatibilityLevel", c.level());
            return new Encoded(key, json(value));
        }
        return new Encoded(key("NOOP", null, null, 0), null);
    }

    /**
     * The change of a Kafka record.
     *
     * @throws IOException if it is not JSON; other malformed records cause a RuntimeException
     */
    static RegistryRecord decode(String key, @Nullable String value) throws IOException {
        Map<?, ?> k = JacksonMapper.INSTANCE.readValue(key, Map.class);
        Map<?, ?> v = value == null ? null : JacksonMapper.INSTANCE.readValue(value, Map.class);
        String subject = (String) k.get("subject");
        switch (String.valueOf(k.get("keytype"))) {
            case "SCHEMA" -> {
                int version = integer(k, "version");
                return v == null
                        ? new RegistryRecord.VersionErased(text(k, "subject"), version)
                        : new RegistryRecord.Version(schema(v), Boolean.TRUE.equals(v.get("deleted")));
            }
            case "DELETE_SUBJECT" -> {
                return v == null
                        ? new RegistryRecord.Other()
                        : new RegistryRecord.SubjectDeleted(text(v, "subject"), integer(v, "version"));
            }
            case "CONFIG" -> {
                return new RegistryRecord.Compatibility(
                        subject, v == null ? null : (String) v.get("compatibilityLevel"));
            }
            default -> {
                return new RegistryRecord.Other();
            }
        }
    }

    private static Schema schema(Map<?, ?> v) {
        SchemaReference[] references =
                JacksonMapper.INSTANCE.convertValue(v.get("references"), SchemaReference[].class);
        Schema schema = new Schema(text(v, "subject"), integer(v, "version"), integer(v, "id"));
        schema.setSchemaType((String) v.get("schemaType"));
        schema.setReferences(references == null ? List.of() : List.of(references));
        schema.setMetadata(JacksonMapper.INSTANCE.convertValue(v.get("metadata"), Metadata.class));
        schema.setRuleSet(JacksonMapper.INSTANCE.convertValue(v.get("ruleSet"), RuleSet.class));
        schema.setSchema(text(v, "schema"));
        return schema;
    }

    private static String versionKey(String subject, int version) {
        return key("SCHEMA", subject, version, 1);
    }

    private static String key(String type, @Nullable String subject, @Nullable Integer version, int magic) {
        Map<String, Object> key = new LinkedHashMap<>();
        key.put("keytype", type);
        if (subject != null) {
            key.put("subject", subject);
        }
        if (version != null) {
            key.put("version", version);
        }
        key.put("magic", magic);
        return json(key);
    }

    private static String json(Map<String, Object> fields) {
        try {
            return JacksonMapper.INSTANCE.writeValueAsString(fields);
        } catch (IOException e) {
            throw new IllegalStateException("a map of values is always JSON", e);
        }
    }

    private static String text(Map<?, ?> fields, String name) {
        return (String) Objects.requireNonNull(fields.get(name), name);
    }

    private static int integer(Map<?, ?> fields, String name) {
        return ((Number) Objects.requireNonNull(fields.get(name), name)).intValue();
    }
}
