package io.sppostream.estimator.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.Credit;
import io.sppostream.estimator.Evidence;
import io.sppostream.estimator.FollowUp;
import io.sppostream.estimator.Group;
import io.sppostream.estimator.GroupRollout;
import io.sppostream.estimator.GroupRollout.Origin;
import io.sppostream.estimator.Moments;
import io.sppostream.estimator.Segments;
import io.sppostream.estimator.TokenText;
import io.sppostream.estimator.TrainingRecipe.BatchTransform;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every estimator against values of an independent implementation: an excerpt of a golden file, or the file of
 * {@code -Dgolden.estimators=FILE}. The format is described next to the excerpt.
 */
class EstimatorGoldenTest {
    private static final double TOLERANCE = 1e-9;
    private static final EstimatorCatalogue CATALOGUE = EstimatorCatalogue.open();

    static Stream<Named<JsonNode>> cases() throws IOException {
        Path file = Path.of(System.getProperty("golden.estimators", "src/test/resources/golden/estimators.json"));
        List<Named<JsonNode>> cases = new ArrayList<>();
        for (JsonNode one : new ObjectMapper().readTree(file.toFile())) {
            cases.add(Named.of(cases.size() + " " + one.get("estimator").asText() + " " + one.get("settings"), one));
        }
        assertThat(cases).as("cases of %s", file).isNotEmpty();
        return cases.stream();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void shouldAgreeWithTheReferenceWhenCrediting(JsonNode golden) {
        Map<String, String> settings = new HashMap<>();
        golden.get("settings").properties().forEach(entry -> settings.put(entry.getKey(), text(entry.getValue())));
        boolean tree = golden.get("groups").get(0).has("tree");
        if (tree) {
            // The edges are those of the tree, also where the mask leaves none of their tokens.
            settings.put("mask", "false");
        }
        AdvantageEstimator estimator = CATALOGUE.create(golden.get("estimator").asText(), settings);
        if (tree) {
            compareEdges(golden, estimator);
        } else {
            compareAdvantages(golden, estimator);
        }
    }

    /** Lists are written with hyphens. */
    private static String text(JsonNode setting) {
        return setting.isArray() ? String.join("-", strings(setting)) : setting.asText();
    }

    private static List<String> strings(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .map(JsonNode::asText)
                .toList();
    }

    private static void compareAdvantages(JsonNode golden, AdvantageEstimator estimator) {
        JsonNode expected = golden.get("expected");
        Map<GroupRollout, Segments> credited = new LinkedHashMap<>();
        for (int g = 0; g < golden.get("groups").size(); g++) {
            JsonNode group = golden.get("groups").get(g);
            List<GroupRollout> rollouts = new ArrayList<>();
            for (Group one : groups(estimator, group, g)) {
                Map<String, Segments> byId = new HashMap<>();
                for (Credit credit : estimator.credit(one)) {
                    byId.put(credit.rolloutId(), credit.advantages());
                }
                for (GroupRollout rollout : one.rollouts()) {
                    rollouts.add(rollout);
                    // A rollout without a credit trains no token.
                    Segments none = Segments.of(new double[rollout.length()], new boolean[rollout.length()]);
                    credited.put(rollout, byId.getOrDefault(rollout.id(), none));
                }
            }
            assertThat(rollouts).hasSize(group.get("samples").size());
            for (int i = 0; i < rollouts.size(); i++) {
                GroupRollout rollout = rollouts.get(i);
                Segments segments = Objects.requireNonNull(credited.get(rollout));
                String what = "group " + g + ", sample " + i;
                compare(what + ", advantages", segments.perToken(), at(expected.get("advantages"), g, i));
                assertThat(segments.trainedPerToken())
                        .as("%s, trained", what)
                        .isEqualTo(booleans(at(expected.get("trained"), g, i)));
                if (expected.has("returns")) {
                    compare(
                            what + ", returns",
                            PpoEstimator.returns(segments, Objects.requireNonNull(rollout.values())),
                            at(expected.get("returns"), g, i));
                }
            }
        }
        compareWhitened(expected, estimator, List.copyOf(credited.values()), golden.get("groups"));
    }

    private static void compareWhitened(
            JsonNode expected, AdvantageEstimator estimator, List<Segments> credited, JsonNode groups) {
        Moments moments = Moments.NONE;
        for (Segments segments : credited) {
            moments = moments.plus(Moments.of(segments));
        }
        boolean whitens = estimator.recipe().transform() == BatchTransform.WHITEN && moments.canWhiten();
        JsonNode whitened = expected.path("whitened");
        assertThat(whitens).as("whether advantages are whitened").isEqualTo(whitened.isArray());
        int next = 0;
        for (int g = 0; whitens && g < groups.size(); g++) {
            for (int i = 0; i < groups.get(g).get("samples").size(); i++) {
                Segments segments = moments.whiten(credited.get(next++));
                compare("group " + g + ", sample " + i + ", whitened", segments.perToken(), at(whitened, g, i));
            }
        }
    }

    /** One group for estimators that compare responses; otherwise one group for each, as it has a prefix 0 of its own. */
    private static List<Group> groups(AdvantageEstimator estimator, JsonNode group, int g) {
        boolean compares = List.of("grpo", "rloo").contains(estimator.name());
        List<Group> groups = new ArrayList<>();
        List<GroupRollout> rollouts = new ArrayList<>();
        for (int i = 0; i < group.get("samples").size(); i++) {
            JsonNode sample = group.get("samples").get(i);
            String id = "g" + g + (compares ? "" : "." + i);
            rollouts.add(rollout(sample, Origin.ofPrompt(id, i)));
            if (!compares) {
                Double promptValue =
                        sample.has("promptValue") ? sample.get("promptValue").asDouble() : null;
                Group alone = new Group(id, promptValue, rollouts, List.of());
                List<Evidence> evidence = evidence(estimator.plan(alone), group, sample);
                groups.add(new Group(id, promptValue, rollouts, evidence));
                rollouts = new ArrayList<>();
            }
        }
        return compares ? List.of(new Group("g" + g, null, rollouts, List.of())) : groups;
    }

    /** What the follow-ups of a sample were rewarded with. */
    private static List<Evidence> evidence(List<FollowUp> followUps, JsonNode group, JsonNode sample) {
        List<Evidence> evidence = new ArrayList<>();
        for (FollowUp followUp : followUps) {
            double[] rewards = group.has("greedyReward")
                    ? new double[] {group.get("greedyReward").asDouble()}
                    : doubles(sample.get("prefixRewards").get(Integer.toString(followUp.prefixTokens())));
            for (int i = 0; i < rewards.length; i++) {
                evidence.add(new Evidence(followUp.id() + "/" + i, followUp.id(), i, rewards[i]));
            }
            assertThat(rewards).as("rewards of %s", followUp).hasSize(followUp.completions());
        }
        return evidence;
    }

    private static GroupRollout rollout(JsonNode sample, Origin origin) {
        int tokens = sample.get("tokens").asInt();
        float[] logProbs = new float[tokens];
        for (int t = 0; sample.has("logProbs") && t < tokens; t++) {
            logProbs[t] = (float) sample.get("logProbs").get(t).asDouble();
        }
        int[] ids = new int[tokens];
        Arrays.setAll(ids, t -> 1000 * (origin.index() + 1) + t);
        return new GroupRollout(
                origin.requestId() + "/" + origin.index(),
                origin,
                ids,
                logProbs,
                sample.has("tokenValues") ? doubles(sample.get("tokenValues")) : null,
                sample.has("stepStarts") ? steps(sample.get("stepStarts"), tokens) : null,
                sample.has("children"),
                sample.has("reward") ? sample.get("reward").asDouble() : null);
    }

    /** A text of two characters a token, with a line feed at the end of each step but the last. */
    private static TokenText steps(JsonNode stepStarts, int tokens) {
        StringBuilder text = new StringBuilder("ab".repeat(tokens));
        for (JsonNode start : stepStarts) {
            if (start.asInt() > 0) {
                text.setCharAt(2 * start.asInt() - 1, '\n');
            }
        }
        int[] starts = new int[tokens];
        Arrays.setAll(starts, t -> 2 * t);
        return new TokenText(text.toString(), starts);
    }

    private static void compareEdges(JsonNode golden, AdvantageEstimator estimator) {
        List<JsonNode> nodes = new ArrayList<>();
        Map<String, JsonNode> byId = new HashMap<>();
        List<GroupRollout> rollouts = new ArrayList<>();
        JsonNode root = golden.get("groups").get(0).get("tree");
        add(root, "g", null, 0, rollouts, byId);
        // Each plan names the requests of the next level.
        for (int known = 0; known < rollouts.size(); ) {
            known = rollouts.size();
            Group sofar = new Group("g", null, rollouts, List.of());
            for (FollowUp followUp : estimator.plan(sofar)) {
                if (sofar.rollouts(followUp.id()).isEmpty()) {
                    String parent = followUp.parent();
                    assertThat(parent).isNotNull();
                    JsonNode node = Objects.requireNonNull(byId.get(parent));
                    assertThat(node.get("children")).hasSize(followUp.completions());
                    add(node, followUp.id(), parent, followUp.prefixTokens(), rollouts, byId);
                }
            }
        }
        IdentityHashMap<JsonNode, Double> advantages = new IdentityHashMap<>();
        Group group = new Group("g", null, rollouts, List.of());
        assertThat(estimator.isComplete(group)).isTrue();
        for (Credit credit : estimator.credit(group)) {
            assertThat(credit.advantages().count()).isEqualTo(1);
            advantages.put(byId.get(credit.rolloutId()), credit.advantages().advantage(0));
        }
        depthFirst(root, nodes);
        JsonNode edges = golden.get("expected").get("edges");
        assertThat(nodes).hasSize(edges.size());
        for (int e = 0; e < edges.size(); e++) {
            Double actual = advantages.get(nodes.get(e));
            assertThat(actual == null)
                    .as("edge %s is not trained", e)
                    .isEqualTo(edges.get(e).isNull());
            if (actual != null) {
                assertThat(actual).as("edge %s", e).isCloseTo(edges.get(e).asDouble(), within(TOLERANCE));
            }
        }
    }

    private static void add(
            JsonNode node,
            String request,
            @Nullable String parent,
            int prefix,
            List<GroupRollout> rollouts,
            Map<String, JsonNode> byId) {
        int index = 0;
        for (JsonNode child : node.get("children")) {
            GroupRollout rollout = rollout(child, new Origin(request, index++, parent, prefix));
            rollouts.add(rollout);
            byId.put(rollout.id(), child);
        }
    }

    private static void depthFirst(JsonNode node, List<JsonNode> nodes) {
        for (JsonNode child : node.path("children")) {
            nodes.add(child);
            depthFirst(child, nodes);
        }
    }

    private static JsonNode at(JsonNode values, int group, int sample) {
        return values.get(group).get(sample);
    }

    private static void compare(String what, double[] actual, JsonNode expected) {
        assertThat(actual).as(what).containsExactly(doubles(expected), within(TOLERANCE));
    }

    private static double[] doubles(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .mapToDouble(JsonNode::asDouble)
                .toArray();
    }

    private static boolean[] booleans(JsonNode array) {
        boolean[] all = new boolean[array.size()];
        for (int i = 0; i < all.length; i++) {
            all[i] = array.get(i).asBoolean();
        }
        return all;
    }
}
