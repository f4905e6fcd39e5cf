package io.sppostream.events.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.Value;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Compares the schemas of events with their committed history. {@code -Dhistory.write=true} first adds changed schemas
 * to it.
 */
class SchemaHistoryTest {

    @BeforeAll
    static void write() {
        if (Boolean.getBoolean("history.write")) {
            types().forEach(SchemaHistory::write);
        }
    }

    static Stream<Class<? extends SpecificRecord>> types() {
        return SchemaHistory.types().stream();
    }

    @ParameterizedTest
    @MethodSource("types")
    void shouldBeCompatibleWithEveryVersionBefore(Class<? extends SpecificRecord> type) {
        assertThat(SchemaHistory.differences(SchemaHistory.current(type), SchemaHistory.versions(type)))
                .as(
                        "%s.avsc is not compatible both ways with a version in %s. Logs hold records of every version:"
                                + " give new fields a default, keep fields without one, and rename a field whose type"
                                + " changes.",
                        type.getSimpleName(), SchemaHistory.file(type, 1).getParent())
                .isEmpty();
    }

    @ParameterizedTest
    @MethodSource("types")
    void shouldBeTheNewestVersionOfItsHistory(Class<? extends SpecificRecord> type) {
        List<Schema> versions = SchemaHistory.versions(type);
        Schema newest = versions.isEmpty() ? Schema.create(Schema.Type.NULL) : versions.get(versions.size() - 1);

        assertThat(SchemaHistory.text(SchemaHistory.current(type)))
                .as(
                        "%s.avsc has changed since its newest version in the history. If the change is meant, add it as"
                                + " %s: mvn -pl schemas -am test -Dtest=SchemaHistoryTest -Dhistory.write=true"
                                + " -Dsurefire.failIfNoSpecifiedTests=false, and commit the new file; never change an"
                                + " old one.",
                        type.getSimpleName(), SchemaHistory.file(type, versions.size() + 1))
                .isEqualTo(SchemaHistory.text(newest));
        assertThat(SchemaHistory.files(type)).as("versions without a gap").isEqualTo(versions.size());
    }

    @ParameterizedTest
    @MethodSource("types")
    void shouldSayWhatEveryRecordAndFieldIs(Class<? extends SpecificRecord> type) {
        List<String> undocumented = new ArrayList<>();
        undocumented(SchemaHistory.current(type), new HashSet<>(), undocumented);
        assertThat(undocumented).as("without a doc").isEmpty();
    }

    private static void undocumented(Schema schema, Set<Schema> seen, List<String> found) {
        switch (schema.getType()) {
            case RECORD -> {
                if (seen.add(schema)) {
                    require(schema.getFullName(), schema.getDoc(), found);
                    for (Schema.Field field : schema.getFields()) {
                        require(schema.getFullName() + "." + field.name(), field.doc(), found);
                        undocumented(field.schema(), seen, found);
                    }
                }
            }
            case ENUM -> require(schema.getFullName(), schema.getDoc(), found);
            case ARRAY -> undocumented(schema.getElementType(), seen, found);
            case MAP -> undocumented(schema.getValueType(), seen, found);
            case UNION -> schema.getTypes().forEach(branch -> undocumented(branch, seen, found));
            default -> {}
        }
    }

    private static void require(String name, @Nullable String doc, List<String> found) {
        if (doc == null || doc.isBlank()) {
            found.add(name);
        }
    }

    @Test
    void shouldFindWhatHasNoDoc() {
        Schema schema = SchemaBuilder.record("Outer")
                .doc("An outer record.")
                .fields()
                .name("inner")
                .doc("An inner one.")
                .type(SchemaBuilder.array()
                        .items(SchemaBuilder.record("Inner")
                                .fields()
                                .requiredInt("size")
                                .endRecord()))
                .noDefault()
                .endRecord();
        List<String> undocumented = new ArrayList<>();
        undocumented(schema, new HashSet<>(), undocumented);
        assertThat(undocumented).containsExactly("Inner", "Inner.size");
    }

    private static final Schema VALUE = SchemaHistory.current(Value.class);

    /** The schema of Value with one field removed and another added. */
    private static Schema changed(String without, Schema.@Nullable Field with) {
        List<Schema.Field> fields = new ArrayList<>();
        for (Schema.Field field : VALUE.getFields()) {
            if (!field.name().equals(without)) {
                fields.add(new Schema.Field(field, field.schema()));
            }
        }
        if (with != null) {
            fields.add(with);
        }
        return Schema.createRecord(VALUE.getName(), VALUE.getDoc(), VALUE.getNamespace(), false, fields);
    }

    private static Schema.Field field(String name, Schema.Type type, @Nullable Object defaultValue) {
        return defaultValue == null
                ? new Schema.Field(name, Schema.create(type), "new")
                : new Schema.Field(name, Schema.create(type), "new", defaultValue);
    }

    static Stream<Schema> incompatible() {
        return Stream.of(
                changed("logit", null),
                changed("", field("margin", Schema.Type.DOUBLE, null)),
                changed("logit", field("logit", Schema.Type.STRING, null)),
                changed("logit", field("logit", Schema.Type.DOUBLE, null)),
                changed("criticVersion", field("version", Schema.Type.INT, 0)));
    }

    @ParameterizedTest
    @MethodSource("incompatible")
    void shouldRefuseWhenAChangeIsNotCompatibleBothWays(Schema changed) {
        assertThat(SchemaHistory.differences(changed, List.of(VALUE))).isNotEmpty();
    }

    @Test
    void shouldRefuseWhenOnlyAnOlderVersionIsNotCompatible() {
        Schema withDouble = changed("", field("margin", Schema.Type.DOUBLE, 0.0));
        Schema withString = changed("", field("margin", Schema.Type.STRING, ""));

        assertThat(SchemaHistory.differences(withString, List.of(VALUE))).isEmpty();
        assertThat(SchemaHistory.differences(withString, List.of(withDouble, VALUE)))
                .isNotEmpty();
    }

    static Stream<Schema> compatible() {
        return Stream.of(
                VALUE,
                changed("tokenValues", null),
                changed("", field("margin", Schema.Type.DOUBLE, 0.0)),
                changed("tokenValues", field("margin", Schema.Type.STRING, "")));
    }

    @ParameterizedTest
    @MethodSource("compatible")
    void shouldAcceptWhenAChangeIsCompatibleBothWays(Schema changed) {
        assertThat(SchemaHistory.differences(changed, List.of(VALUE))).isEmpty();
    }
}
