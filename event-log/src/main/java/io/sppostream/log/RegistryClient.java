package io.sppostream.log;

import io.confluent.kafka.schemaregistry.ParsedSchema;
import io.confluent.kafka.schemaregistry.SchemaProvider;
import io.confluent.kafka.schemaregistry.client.CachedSchemaRegistryClient;
import io.confluent.kafka.schemaregistry.client.rest.entities.requests.RegisterSchemaResponse;
import io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Confluent's client, with the look-ups that its serializers make for every record answered from plain maps. Its own
 * caches are ordered by use, and that bookkeeping takes as long as serializing one of our events. Thread-safe.
 */
final class RegistryClient extends CachedSchemaRegistryClient {
    private static final int CACHED_SCHEMAS = 256;

    /** Confluent's error code. */
    private static final int SCHEMA_NOT_FOUND = 40403;

    /**
     * Avro's own schema object under a subject, compared by identity. A serializer wraps the same object anew for every
     * record, and comparing schemas by value would be slow.
     */
    private record Registered(String subject, Object rawSchema) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Registered that && rawSchema == that.rawSchema && subject.equals(that.subject);
        }

        @Override
        public int hashCode() {
            return 31 * subject.hashCode() + System.identityHashCode(rawSchema);
        }
    }

    private record SubjectAndId(String subject, int id) {}

    private final Map<Registered, RegisterSchemaResponse> registered = new ConcurrentHashMap<>();
    private final Map<Registered, Integer> ids = new ConcurrentHashMap<>();
    private final Map<SubjectAndId, ParsedSchema> byId = new ConcurrentHashMap<>();

    RegistryClient(String url, List<SchemaProvider> providers, Map<String, ?> settings) {
        super(List.of(url), CACHED_SCHEMAS, providers, settings);
    }

    @Override
    public RegisterSchemaResponse registerWithResponse(
            String subject, ParsedSchema schema, boolean normalize, boolean propagateSchemaTags)
            throws IOException, RestClientException {
        Registered key = new Registered(subject, schema.rawSchema());
        RegisterSchemaResponse known = registered.get(key);
        if (known == null) {
            try {
                known = super.registerWithResponse(subject, schema, normalize, propagateSchemaTags);
            } catch (IOException e) {
                throw new RegistryOutages.Unanswered(e);
            }
            registered.put(key, known);
        }
        return known;
    }

    /** Serializers that do not register schemas ask this for every record. */
    @Override
    public int getId(String subject, ParsedSchema schema, boolean normalize) throws IOException, RestClientException {
        Registered key = new Registered(subject, schema.rawSchema());
        Integer known = ids.get(key);
        if (known == null) {
            try {
                known = super.getId(subject, schema, normalize);
            } catch (IOException e) {
                throw new RegistryOutages.Unanswered(e);
            }
            ids.put(key, known);
        }
        return known;
    }

    @Override
    public ParsedSchema getSchemaBySubjectAndId(String subject, int id) throws IOException, RestClientException {
        SubjectAndId key = new SubjectAndId(subject, id);
        ParsedSchema known = byId.get(key);
        if (known == null) {
            // No registry gives a negative id, and some do not answer a request for one with "not found".
            if (id < 0) {
                throw new RestClientException("no schema has the id " + id, 404, SCHEMA_NOT_FOUND);
            }
            try {
                known = super.getSchemaBySubjectAndId(subject, id);
            } catch (IOException e) {
                // The serializers throw the same type for bytes that are not an event.
                throw new RegistryOutages.Unanswered(e);
            }
            byId.put(key, known);
        }
        return known;
    }

    /** Number of cached schemas: one for each topic written to. */
    int remembered() {
        return registered.size();
    }
}
