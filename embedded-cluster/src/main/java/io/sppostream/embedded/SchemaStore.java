package io.sppostream.embedded;

import io.confluent.kafka.schemaregistry.CompatibilityLevel;
import io.confluent.kafka.schemaregistry.ParsedSchema;
import io.confluent.kafka.schemaregistry.ParsedSchemaHolder;
import io.confluent.kafka.schemaregistry.SchemaProvider;
import io.confluent.kafka.schemaregistry.SimpleParsedSchemaHolder;
import io.confluent.kafka.schemaregistry.avro.AvroSchema;
import io.confluent.kafka.schemaregistry.avro.AvroSchemaProvider;
import io.confluent.kafka.schemaregistry.client.SchemaVersionFetcher;
import io.confluent.kafka.schemaregistry.client.rest.entities.Metadata;
import io.confluent.kafka.schemaregistry.client.rest.entities.RuleSet;
import io.confluent.kafka.schemaregistry.client.rest.entities.Schema;
import io.confluent.kafka.schemaregistry.client.rest.entities.SchemaReference;
import io.confluent.kafka.schemaregistry.client.rest.entities.SubjectVersion;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Subjects, versions, ids and compatibility levels: a state that is a function of the log alone. A change is first
 * appended to the log and only then applied, by the same code that replays it at the next start. Safe for use by
 * several threads; one change at a time.
 */
final class SchemaStore {
    /** Stands for the newest version, in requests and in references. */
    static final int LATEST = -1;

    private static final CompatibilityLevel DEFAULT_LEVEL = CompatibilityLevel.FULL_TRANSITIVE;

    private record Stored(Schema schema, boolean deleted) {}

    /** What makes two registrations the same schema, and gives them one id. */
    private record Content(
            String schema,
            String type,
            List<SchemaReference> references,
            @Nullable Metadata metadata,
            @Nullable RuleSet ruleSet) {
        static Content of(Schema s) {
            return new Content(
                    s.getSchema(),
                    s.getSchemaType() == null ? AvroSchema.TYPE : s.getSchemaType(),
                    s.getReferences() == null ? List.of() : s.getReferences(),
                    s.getMetadata(),
                    s.getRuleSet());
        }
    }

    private final SchemaLog log;
    private final SchemaProvider avro = new AvroSchemaProvider();
    private final NavigableMap<String, NavigableMap<Integer, Stored>> subjects = new TreeMap<>();
    private final NavigableMap<String, CompatibilityLevel> levels = new TreeMap<>();
    private final Map<Content, Integer> ids = new HashMap<>();
    private @Nullable CompatibilityLevel globalLevel;
    private int lastId;
    private @Nullable String broken;

    SchemaStore(SchemaLog log) {
        this.log = log;
        avro.configure(Map.of(SchemaProvider.SCHEMA_VERSION_FETCHER_CONFIG, new Fetcher()));
        log.replay(this::apply);
    }

    synchronized List<String> subjects(String prefix, boolean deletedToo) {
        return subjects.entrySet().stream()
                .filter(e -> e.getKey().startsWith(prefix))
                .filter(e -> visible(e.getValue(), deletedToo).findAny().isPresent())
                .map(Map.Entry::getKey)
                .toList();
    }

    synchronized List<Schema> schemas(String prefix, boolean deletedToo, boolean latestOnly) {
        List<Schema> found = new ArrayList<>();
        for (Map.Entry<String, NavigableMap<Integer, Stored>> e : subjects.entrySet()) {
            if (e.getKey().startsWith(prefix)) {
                List<Schema> versions = visible(e.getValue(), deletedToo).toList();
                found.addAll(latestOnly && !versions.isEmpty() ? List.of(last(versions)) : versions);
            }
        }
        return found;
    }

    synchronized List<Integer> versions(String subject, boolean deletedToo) {
        return requireSubject(subject, deletedToo).stream()
                .map(Schema::getVersion)
                .toList();
    }

    /**
     * One version of a subject.
     *
     * @param version or {@link #LATEST}
     */
    synchronized Schema version(String subject, int version, boolean deletedToo) {
        List<Schema> versions = requireSubject(subject, deletedToo);
        if (version == LATEST) {
            return last(versions);
        }
        return versions.stream()
                .filter(s -> s.getVersion() == version)
                .findAny()
                .orElseThrow(() -> RegistryError.versionNotFound(version));
    }

    /** The schema of an id. A softly deleted one is found too: records written with it are still on their topics. */
    synchronized Schema byId(int id) {
        return all().filter(s -> s.schema().getId() == id)
                .findFirst()
                .orElseThrow(() -> RegistryError.schemaNotFound(id))
                .schema();
    }

    synchronized int lastId() {
        return lastId;
    }

    synchronized List<SubjectVersion> uses(int id, boolean deletedToo) {
        byId(id);
        return all().filter(s -> deletedToo || !s.deleted())
                .map(Stored::schema)
                .filter(s -> s.getId() == id)
                .map(s -> new SubjectVersion(s.getSubject(), s.getVersion()))
                .toList();
    }

    /** The ids of the schemas that refer to a version. */
    synchronized Collection<Integer> referrers(String subject, int version) {
        int number = version(subject, version, true).getVersion();
        TreeSet<Integer> found = new TreeSet<>();
        all().filter(s -> !s.deleted() && refersTo(s.schema(), subject, number))
                .forEach(s -> found.add(s.schema().getId()));
        return found;
    }

    /** Finds a schema among the versions of a subject. */
    synchronized Schema lookUp(String subject, Schema asked, boolean normalize, boolean deletedToo) {
        List<Schema> versions = requireSubject(subject, deletedToo);
        Schema canonical = canonical(subject, asked, parse(asked, false, normalize));
        return same(versions, canonical).orElseThrow(RegistryError::schemaNotFound);
    }

    /**
     * Registers a schema as the subject's next version, unless it already is one.
     *
     * @return the version, with its id
     */
    synchronized Schema register(String subject, Schema asked, boolean normalize) {
        ParsedSchema parsed = parse(asked, true, normalize);
        Schema canonical = canonical(subject, asked, parsed);
        List<Schema> existing = visible(versionsOf(subject), false).toList();
        Optional<Schema> same = same(existing, canonical).or(() -> sameInlined(existing, parsed));
        if (same.isPresent()) {
            return same.get();
        }
        if (asked.getId() != null && asked.getId() > 0) {
            throw RegistryError.operationNotPermitted(
                    "Subject " + subject + " is not in import mode: register the schema without an id");
        }
        NavigableMap<Integer, Stored> versions = versionsOf(subject);
        int next = versions.isEmpty() ? 1 : versions.lastKey() + 1;
        if (asked.getVersion() != null && asked.getVersion() > 0 && asked.getVersion() != next) {
            throw RegistryError.invalidSchema(
                    "Version " + asked.getVersion() + " is not the next version of subject " + subject + ", " + next);
        }
        CompatibilityLevel level = level(subject);
        List<String> differences = differences(parsed, existing, level);
        if (!differences.isEmpty()) {
            throw RegistryError.incompatible(subject, differences, level.name);
        }
        canonical.setVersion(next);
        canonical.setId(ids.getOrDefault(Content.of(canonical), lastId + 1));
        List<RegistryRecord> change = new ArrayList<>();
        change.add(new RegistryRecord.Version(canonical, false));
        // As Confluent's server does: the deleted versions of what is now registered anew are of no more use.
        for (Stored old : versions.values()) {
            if (old.deleted() && old.schema().getId().equals(canonical.getId())) {
                change.add(
                        new RegistryRecord.VersionErased(subject, old.schema().getVersion()));
            }
        }
        change(change);
        return canonical;
    }

    /**
     * Compares a schema with one version of a subject, or with those its level asks for.
     *
     * @param version a number, {@link #LATEST}, or {@code null} for the level's choice
     * @return the differences that make them incompatible, none if they are compatible
     */
    synchronized List<String> differences(String subject, @Nullable Integer version, Schema asked, boolean normalize) {
        List<Schema> existing = visible(versionsOf(subject), false).toList();
        List<Schema> others = version == null || (existing.isEmpty() && version == LATEST)
                ? existing
                : List.of(version(subject, version, false));
        return differences(parse(asked, true, normalize), others, level(subject));
    }

    /** Deletes a subject: softly, or for good if that was done before. Returns the versions. */
    synchronized List<Integer> deleteSubject(String subject, boolean permanent) {
        List<Schema> everything = requireSubject(subject, true);
        List<Schema> live = visible(versionsOf(subject), false).toList();
        if (permanent) {
            if (!live.isEmpty()) {
                throw RegistryError.subjectNotSoftDeleted(subject);
            }
            List<RegistryRecord> change = new ArrayList<>();
            everything.forEach(s -> change.add(new RegistryRecord.VersionErased(subject, s.getVersion())));
            change(change);
            return everything.stream().map(Schema::getVersion).toList();
        }
        if (live.isEmpty()) {
            throw RegistryError.subjectSoftDeleted(subject);
        }
        live.forEach(this::requireUnreferenced);
        List<RegistryRecord> change = new ArrayList<>();
        change.add(new RegistryRecord.SubjectDeleted(subject, last(live).getVersion()));
        if (levels.containsKey(subject)) {
            change.add(new RegistryRecord.Compatibility(subject, null));
        }
        change(change);
        return live.stream().map(Schema::getVersion).toList();
    }

    /** Deletes a version: softly, or for good if that was done before. Returns its number. */
    synchronized int deleteVersion(String subject, int version, boolean permanent) {
        Schema schema = version(subject, version, true);
        int number = schema.getVersion();
        boolean deleted =
                Objects.requireNonNull(versionsOf(subject).get(number)).deleted();
        if (permanent && !deleted) {
            throw RegistryError.versionNotSoftDeleted(subject, number);
        }
        if (!permanent && deleted) {
            throw RegistryError.versionSoftDeleted(subject, number);
        }
        if (!permanent) {
            requireUnreferenced(schema);
        }
        change(List.of(
                permanent
                        ? new RegistryRecord.VersionErased(subject, number)
                        : new RegistryRecord.Version(schema, true)));
        return number;
    }

    synchronized CompatibilityLevel globalLevel() {
        return globalLevel == null ? DEFAULT_LEVEL : globalLevel;
    }

    synchronized Optional<CompatibilityLevel> subjectLevel(String subject) {
        return Optional.ofNullable(levels.get(subject));
    }

    /** Sets the level of a subject, or of all that have none ({@code null}); no level takes it back. */
    synchronized void setLevel(@Nullable String subject, @Nullable CompatibilityLevel level) {
        change(List.of(new RegistryRecord.Compatibility(subject, level == null ? null : level.name)));
    }

    private CompatibilityLevel level(String subject) {
        return subjectLevel(subject).orElseGet(this::globalLevel);
    }

    private void change(List<RegistryRecord> records) {
        if (broken != null) {
            throw RegistryError.store(broken);
        }
        try {
            log.append(records);
        } catch (EmbeddedException e) {
            // Whether it was written is unknown, so what would come next is too: only a replay can tell.
            broken = "the registry's log failed earlier and it must be restarted: " + e.getMessage();
            throw RegistryError.store(String.valueOf(e.getMessage()));
        }
        records.forEach(this::apply);
    }

    private synchronized void apply(RegistryRecord record) {
        if (record instanceof RegistryRecord.Version v) {
            Schema schema = v.schema();
            subjects.computeIfAbsent(schema.getSubject(), s -> new TreeMap<>())
                    .put(schema.getVersion(), new Stored(schema, v.deleted()));
            ids.putIfAbsent(Content.of(schema), schema.getId());
            lastId = Math.max(lastId, schema.getId());
        } else if (record instanceof RegistryRecord.VersionErased e) {
            NavigableMap<Integer, Stored> versions = versionsOf(e.subject());
            Stored erased = versions.remove(e.version());
            if (versions.isEmpty()) {
                subjects.remove(e.subject());
            }
            if (erased != null
                    && all().noneMatch(s ->
                            s.schema().getId().equals(erased.schema().getId()))) {
                ids.remove(Content.of(erased.schema()));
            }
        } else if (record instanceof RegistryRecord.SubjectDeleted d) {
            versionsOf(d.subject())
                    .headMap(d.upToVersion(), true)
                    .replaceAll((version, stored) -> new Stored(stored.schema(), true));
        } else if (record instanceof RegistryRecord.Compatibility c) {
            CompatibilityLevel level = c.level() == null ? null : CompatibilityLevel.forName(c.level());
            if (c.subject() == null) {
                globalLevel = level;
            } else if (level == null) {
                levels.remove(c.subject());
            } else {
                levels.put(c.subject(), level);
            }
        }
    }

    private NavigableMap<Integer, Stored> versionsOf(String subject) {
        NavigableMap<Integer, Stored> versions = subjects.get(subject);
        return versions == null ? new TreeMap<>() : versions;
    }

    private static Stream<Schema> visible(NavigableMap<Integer, Stored> versions, boolean deletedToo) {
        return versions.values().stream()
                .filter(s -> deletedToo || !s.deleted())
                .map(Stored::schema);
    }

    private Stream<Stored> all() {
        return subjects.values().stream().flatMap(v -> v.values().stream());
    }

    private List<Schema> requireSubject(String subject, boolean deletedToo) {
        List<Schema> versions = visible(versionsOf(subject), deletedToo).toList();
        if (versions.isEmpty()) {
            throw RegistryError.subjectNotFound(subject);
        }
        return versions;
    }

    private void requireUnreferenced(Schema schema) {
        all().filter(s -> !s.deleted() && refersTo(s.schema(), schema.getSubject(), schema.getVersion()))
                .findFirst()
                .ifPresent(s -> {
                    throw RegistryError.referenced(
                            schema.getSubject(),
                            schema.getVersion(),
                            "{subject=" + s.schema().getSubject() + ",version="
                                    + s.schema().getVersion() + "}");
                });
    }

    private static boolean refersTo(Schema schema, String subject, int version) {
        return Content.of(schema).references().stream()
                .anyMatch(r -> r.getSubject().equals(subject) && r.getVersion() == version);
    }

    private ParsedSchema parse(Schema schema, boolean isNew, boolean normalize) {
        String type = schema.getSchemaType();
        if (type != null && !type.equals(AvroSchema.TYPE)) {
            throw RegistryError.invalidSchema(
                    "Invalid schema type " + type + ": the embedded registry takes AVRO only");
        }
        if (schema.getSchema() == null || schema.getSchema().isBlank()) {
            throw RegistryError.invalidSchema("Empty schema");
        }
        try {
            return avro.parseSchemaOrElseThrow(schema, isNew, normalize);
        } catch (RuntimeException e) {
            throw RegistryError.invalidSchema("Invalid schema: " + e.getMessage());
        }
    }

    /** What is kept of a request: the parser's text, not the sender's white space. */
    private static Schema canonical(String subject, Schema asked, ParsedSchema parsed) {
        Schema schema = new Schema(subject, 0, 0);
        schema.setSchemaType(AvroSchema.TYPE);
        schema.setSchema(parsed.canonicalString());
        schema.setReferences(parsed.references());
        schema.setMetadata(asked.getMetadata());
        schema.setRuleSet(asked.getRuleSet());
        return schema;
    }

    private static Optional<Schema> same(List<Schema> versions, Schema canonical) {
        Content content = Content.of(canonical);
        return versions.stream().filter(s -> Content.of(s).equals(content)).findFirst();
    }

    /** A schema that spells out what an earlier version refers to: what a serializer sends for a generated class. */
    private Optional<Schema> sameInlined(List<Schema> versions, ParsedSchema parsed) {
        return parsed.references().isEmpty()
                ? versions.stream()
                        .filter(s -> !Content.of(s).references().isEmpty())
                        .filter(s -> parsed.equivalent(parse(s, false, false)))
                        .findFirst()
                : Optional.empty();
    }

    private List<String> differences(ParsedSchema schema, List<Schema> others, CompatibilityLevel level) {
        List<ParsedSchemaHolder> holders = new ArrayList<>();
        for (Schema other : others) {
            holders.add(new SimpleParsedSchemaHolder(parse(other, false, false).copy(other.getVersion())));
        }
        return schema.isCompatible(level, holders);
    }

    private static <T> T last(List<T> list) {
        return list.get(list.size() - 1);
    }

    /** Resolves the references of a schema that is being parsed. */
    private final class Fetcher implements SchemaVersionFetcher {
        @Override
        public @Nullable String tenant() {
            return null;
        }

        @Override
        public Schema getByVersion(String subject, int version, boolean lookupDeleted) {
            return version(subject, version, lookupDeleted);
        }
    }
}
