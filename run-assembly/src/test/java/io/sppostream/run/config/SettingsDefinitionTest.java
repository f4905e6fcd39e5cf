package io.sppostream.run.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.config.ConfigDef.ConfigKey;
import org.junit.jupiter.api.Test;

class SettingsDefinitionTest {
    @Test
    void shouldDescribeEverySetting() {
        assertThat(SettingsDefinition.keys())
                .hasSizeGreaterThan(30)
                .allSatisfy(key -> assertThat(key.documentation).as(key.name).isNotBlank());
    }

    @Test
    void shouldHaveAConstantForEveryKey() {
        assertThat(Arrays.stream(SettingsDefinition.class.getFields()).map(SettingsDefinitionTest::value))
                .containsExactlyInAnyOrderElementsOf(SettingsDefinition.names());
    }

    private static String value(Field field) {
        try {
            return String.valueOf(field.get(null));
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void shouldLeaveNoGroupEmpty() {
        assertThat(SettingsDefinition.keys().stream()
                        .map(SettingsDefinition::group)
                        .collect(Collectors.toSet()))
                .containsExactlyInAnyOrder(SettingGroup.values());
    }

    @Test
    void shouldNameOnlySettingsThatExistInPresetsAndFormerNames() {
        assertThat(Presets.names())
                .allSatisfy(preset -> assertThat(SettingsDefinition.names())
                        .containsAll(Presets.of(preset).keySet())
                        .containsAll(SettingNames.FORMER.values())
                        .doesNotContainAnyElementsOf(SettingNames.FORMER.keySet()));
    }

    @Test
    void shouldHaveDefaultsWithinBounds() {
        Stream<ConfigKey> checked =
                SettingsDefinition.keys().stream().filter(key -> key.hasDefault() && key.validator != null);
        assertThat(checked).allSatisfy(key -> key.validator.ensureValid(key.name, key.defaultValue));
        assertThat(new RunSettings(Map.of(SettingsDefinition.RUN, "r")).steps()).isEqualTo(100);
    }
}
