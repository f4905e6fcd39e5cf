package io.sppostream.embedded;

import io.confluent.kafka.schemaregistry.CompatibilityLevel;
import io.confluent.kafka.schemaregistry.avro.AvroSchema;
import io.confluent.kafka.schemaregistry.client.rest.entities.Config;
import io.confluent.kafka.schemaregistry.client.rest.entities.Mode;
import io.confluent.kafka.schemaregistry.client.rest.entities.SchemaString;
import io.confluent.kafka.schemaregistry.client.rest.entities.ServerClusterId;
import io.confluent.kafka.schemaregistry.client.rest.entities.SubjectVersion;
import io.confluent.kafka.schemaregistry.client.rest.entities.requests.CompatibilityCheckResponse;
import io.confluent.kafka.schemaregistry.client.rest.entities.requests.ConfigUpdateRequest;
import io.confluent.kafka.schemaregistry.client.rest.entities.requests.RegisterSchemaResponse;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The resources of Confluent's REST API, for Avro: which request reads or changes what in the store. Thread-safe. */
final class RegistryApi {
    private static final String READ_WRITE = "READWRITE";

    private final SchemaStore store;
    private final String clusterId;

    /** @param clusterId Kafka's id of the cluster that the registry serves */
    RegistryApi(SchemaStore store, String clusterId) {
        this.store = store;
        this.clusterId = clusterId;
    }

    /** Whether a request changes the registered schemas or the settings. A {@code POST} mostly only looks something up. */
    static boolean changes(RegistryRequest request) {
        return switch (request.method()) {
            case "GET" -> false;
            case "POST" -> request.shape().equals("POST/subjects/*/versions");
            default -> true;
        };
    }

    /** An answer that is JSON already. */
    record RawJson(String text) {}

    /**
     * Answers a request.
     *
     * @return {@link RawJson}, or an object to be written as JSON
     * @throws RegistryError if the request is refused
     */
    Object answer(RegistryRequest r) {
        String subject = r.subject();
        boolean deleted = r.is("deleted");
        boolean normalize = r.is("normalize");
        boolean permanent = r.is("permanent");
        return switch (r.shape()) {
            case "GET" -> Map.of();
            case "GET/subjects" -> store.subjects(r.text("subjectPrefix"), deleted);
            case "POST/subjects/*" -> store.lookUp(subject, r.schema(), normalize, deleted);
            case "DELETE/subjects/*" -> store.deleteSubject(subject, permanent);
            case "GET/subjects/*/versions" -> store.versions(subject, deleted);
            case "POST/subjects/*/versions" ->
                new RegisterSchemaResponse(store.register(requireName(subject), r.schema(), normalize)
                        .getId());
            case "GET/subjects/*/versions/*" -> store.version(subject, r.version(3), deleted);
            case "DELETE/subjects/*/versions/*" -> store.deleteVersion(subject, r.version(3), permanent);
            case "GET/subjects/*/versions/*/schema" ->
                new RawJson(store.version(subject, r.version(3), deleted).getSchema());
            case "GET/subjects/*/versions/*/referencedby" -> store.referrers(subject, r.version(3));
            case "GET/schemas" -> store.schemas(r.text("subjectPrefix"), deleted, r.is("latestOnly"));
            case "GET/schemas/types" -> List.of(AvroSchema.TYPE);
            case "GET/schemas/ids/*" -> schemaString(r);
            case "GET/schemas/ids/*/schema" -> new RawJson(store.byId(r.id()).getSchema());
            case "GET/schemas/ids/*/versions" -> store.uses(r.id(), deleted);
            case "GET/schemas/ids/*/subjects" ->
                store.uses(r.id(), deleted).stream()
                        .map(SubjectVersion::getSubject)
                        .distinct()
                        .toList();
            case "POST/compatibility/subjects/*/versions" -> compatibility(r, subject, null);
            case "POST/compatibility/subjects/*/versions/*" -> compatibility(r, subject, r.version(4));
            case "GET/config" -> new Config(store.globalLevel().name);
            case "PUT/config" -> setLevel(null, r.body(ConfigUpdateRequest.class));
            case "DELETE/config" -> deleteLevel(null, store.globalLevel());
            case "GET/config/*" ->
                new Config(store.subjectLevel(subject)
                        .or(() -> globalIfAsked(r))
                        .orElseThrow(() -> RegistryError.compatibilityNotConfigured(subject))
                        .name);
            case "PUT/config/*" -> setLevel(requireName(subject), r.body(ConfigUpdateRequest.class));
            case "DELETE/config/*" ->
                deleteLevel(
                        subject, store.subjectLevel(subject).orElseThrow(() -> RegistryError.subjectNotFound(subject)));
            case "GET/mode" -> new Mode(READ_WRITE);
            case "GET/mode/*" -> {
                if (!r.is("defaultToGlobal")) {
                    throw RegistryError.modeNotConfigured(subject);
                }
                yield new Mode(READ_WRITE);
            }
            case "PUT/mode", "PUT/mode/*", "DELETE/mode/*" ->
                throw RegistryError.operationNotPermitted("The embedded registry has one mode, " + READ_WRITE);
            case "GET/v1/metadata/id" -> ServerClusterId.of(clusterId, "schema-registry");
            default -> throw RegistryError.notFound();
        };
    }

    private static String requireName(String subject) {
        if (subject.isBlank() || subject.chars().anyMatch(Character::isISOControl)) {
            throw RegistryError.invalidSubject(subject);
        }
        return subject;
    }

    private SchemaString schemaString(RegistryRequest r) {
        SchemaString answer = new SchemaString(store.byId(r.id()));
        if (r.is("fetchMaxId")) {
            answer.setMaxId(store.lastId());
        }
        return answer;
    }

    private CompatibilityCheckResponse compatibility(RegistryRequest r, String subject, @Nullable Integer version) {
        List<String> differences = store.differences(subject, version, r.schema(), r.is("normalize"));
        CompatibilityCheckResponse answer = new CompatibilityCheckResponse();
        answer.setIsCompatible(differences.isEmpty());
        if (r.is("verbose")) {
            answer.setMessages(differences);
        }
        return answer;
    }

    private Optional<CompatibilityLevel> globalIfAsked(RegistryRequest r) {
        return r.is("defaultToGlobal") ? Optional.of(store.globalLevel()) : Optional.empty();
    }

    private ConfigUpdateRequest setLevel(@Nullable String subject, ConfigUpdateRequest request) {
        CompatibilityLevel level = CompatibilityLevel.forName(request.getCompatibilityLevel());
        if (level == null) {
            throw RegistryError.invalidCompatibility(request.getCompatibilityLevel());
        }
        store.setLevel(subject, level);
        return request;
    }

    private Config deleteLevel(@Nullable String subject, CompatibilityLevel old) {
        store.setLevel(subject, null);
        return new Config(old.name);
    }
}
