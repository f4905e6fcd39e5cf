package io.sppostream.embedded;

import io.confluent.kafka.schemaregistry.CompatibilityLevel;
import io.confluent.kafka.schemaregistry.ParsedSchema;
import io.confluent.kafka.schemaregistry.client.rest.entities.Schema;
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
 * Subjects, versions, ids and compatibility levels of the registry. The state is a function of the log: a change is
 * appended to the log first and applied afterwards, by the same code that replays the log at the next start.
 * Thread-safe; methods refuse requests by {@link RegistryError}.
 */
final class SchemaStore {
    /** The newest version, in requests and in references. */
    static final int LATEST = -1;

    private static final CompatibilityLevel DEFAULT_LEVEL = CompatibilityLevel.FULL_TRANSITIVE;

    private record Stored(Schema schema, boolean deleted) {}

    private final SchemaLog log;
    private final AvroSchemas avro = new AvroSchemas(this::version);
    private final NavigableMap<String, NavigableMap<Integer, Stored>> subjects = new TreeMap<>();
    private final NavigableMap<String, CompatibilityLevel> levels = new TreeMap<>();
    private final Map<SchemaContent, Integer> ids = new HashMap<>();
    private @Nullable CompatibilityLevel globalLevel;
    private int lastId;
    private @Nullable String broken;

    SchemaStore(SchemaLog log) {
        this.log = log;
        log.replay(this::apply);
    }

    /** The names of the subjects that begin with a prefix. */
    synchronized List<String> subjects(String prefix, boolean deletedToo) {
        return subjects.entrySet().stream()
                .filter(e -> e.getKey().startsWith(prefix))
                .filter(e -> visible(e.getValue(), deletedToo).findAny().isPresent())
                .map(Map.Entry::getKey)
                .toList();
    }

    /** The versions, or only the latest ones, of the subjects that begin with a prefix. */
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

    /** The numbers of the versions of a subject. */
    synchronized List<Integer> versions(String subject, boolean deletedToo) {
        return requireSubject(subject, deletedToo).stream()
                .map(Schema::getVersion)
                .toList();
    }

    /**
     * One version of a subject.
     *
     * @param version a number, or {@link #LATEST}
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

    /** The schema with an id, even if it is soft-deleted: topics still have records written with it. */
    synchronized Schema byId(int id) {
        return all().filter(s -> s.schema().getId() == id)
                .findFirst()
                .orElseThrow(() -> RegistryError.schemaNotFound(id))
                .schema();
    }

    /** The highest id so far. */
    synchronized int lastId() {
        return lastId;
    }

    /** The versions that have a schema id. */
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
        Schema canonical = AvroSchemas.canonical(subject, asked, avro.parse(asked, false, normalize));
        return AvroSchemas.same(versions, canonical).orElseThrow(RegistryError::schemaNotFound);
    }

    /**
     * Registers a schema as the subject's next version, unless it already is one.
     *
     * @return the version, with its id
     */
    synchronized Schema register(String subject, Schema asked, boolean normalize) {
        ParsedSchema parsed = avro.parse(asked, true, normalize);
        Schema canonical = AvroSchemas.canonical(subject, asked, parsed);
        List<Schema> existing = visible(versionsOf(subject), false).toList();
        Optional<Schema> same = AvroSchemas.same(existing, canonical).or(() -> avro.sameInlined(existing, parsed));
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
        List<String> differences = avro.differences(parsed, existing, level);
        if (!differences.isEmpty()) {
            throw RegistryError.incompatible(subject, differences, level.name);
        }
        canonical.setVersion(next);
        canonical.setId(ids.getOrDefault(SchemaContent.of(canonical), lastId + 1));
        List<RegistryRecord> change = new ArrayList<>();
        change.add(new RegistryRecord.Version(canonical, false));
        // As Confluent's server does: deleted versions of the schema are superseded by the new one.
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
     * Compares a schema with one version of a subject, or with all that its compatibility level covers.
     *
     * @param version a number, {@link #LATEST}, or {@code null} for the versions that the level covers
     * @return the differences that make them incompatible, none if they are compatible
     */
    synchronized List<String> differences(String subject, @Nullable Integer version, Schema asked, boolean normalize) {
        List<Schema> existing = visible(versionsOf(subject), false).toList();
        List<Schema> others = version == null || (existing.isEmpty() && version == LATEST)
                ? existing
                : List.of(version(subject, version, false));
        return avro.differences(avro.parse(asked, true, normalize), others, level(subject));
    }

    /** Soft-deletes a subject; or deletes it permanently, after a soft delete. Returns its versions. */
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

    /** Soft-deletes a version; or deletes it permanently, after a soft delete. Returns its number. */
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

    /** The level of subjects without one of their own. */
    synchronized CompatibilityLevel globalLevel() {
        return globalLevel == null ? DEFAULT_LEVEL : globalLevel;
    }

    /** The level of a subject; empty if it has none of its own. */
    synchronized Optional<CompatibilityLevel> subjectLevel(String subject) {
        return Optional.ofNullable(levels.get(subject));
    }

    /** Sets or removes ({@code null}) the level of a subject, or of all subjects without one ({@code null}). */
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
            // The record may or may not be on the log, so the state is unknown until the next replay.
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
            ids.putIfAbsent(SchemaContent.of(schema), schema.getId());
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
                ids.remove(SchemaContent.of(erased.schema()));
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
        return SchemaContent.of(schema).references().stream()
                .anyMatch(r -> r.getSubject().equals(subject) && r.getVersion() == version);
    }

    private static <T> T last(List<T> list) {
        return list.get(list.size() - 1);
    }
}
