package io.sppostream.history.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.catalogue.ModelKind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class FactStoreTest {
    @Test
    void shouldReturnTheFactsOfARequestTogetherAndInOrder() {
        List<Fact> facts = List.of(
                new Fact.Asked("a/b", 2),
                new Fact.Answered("a/b/0", 1),
                new Fact.Judged("a/b/0", 2),
                new Fact.Judged("a/b/1", 3),
                new Fact.Scored("a/b", 4),
                new Fact.Trained("a/b/1", ModelKind.CRITIC, 5, 4, 1, 77, 3, 99),
                new Fact.RolloutExpired("a/b/0"),
                new Fact.RequestExpired("a/b"));
        try (FactStore store = new FactStore()) {
            facts.forEach(store::add);

            assertThat(all(store)).isEqualTo(facts);
            assertThat(store.spilled()).isZero();
        }
    }

    @Test
    void shouldKeepTheNumbersOfASample() {
        try (FactStore store = new FactStore()) {
            store.add(new Fact.Sampled("r/0", 1, 2, 3, -1, 4, new long[] {5, 6}, new long[] {}, true));

            assertThat(all(store)).singleElement().satisfies(fact -> {
                Fact.Sampled sampled = (Fact.Sampled) fact;
                assertThat(sampled.rolloutId()).isEqualTo("r/0");
                assertThat(sampled.partition()).isEqualTo(1);
                assertThat(sampled.offset()).isEqualTo(2);
                assertThat(sampled.policyVersion()).isEqualTo(3);
                assertThat(sampled.criticVersion()).isEqualTo(-1);
                assertThat(sampled.rollout()).isEqualTo(4);
                assertThat(sampled.verdicts()).containsExactly(5, 6);
                assertThat(sampled.values()).isEmpty();
            });
        }
    }

    @Test
    void shouldReturnEveryFactWhenBucketsDoNotFitIntoMemory() {
        List<Fact> facts = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 20_000; i++) {
            facts.add(new Fact.Answered("%010d/0".formatted(i), random.nextLong()));
        }
        try (FactStore store = new FactStore(1 << 10)) {
            facts.forEach(store::add);

            assertThat(store.spilled()).isPositive();
            assertThat(all(store))
                    .hasSameSizeAs(facts)
                    .satisfies(all -> assertThat(new HashSet<>(all)).isEqualTo(new HashSet<>(facts)));
        }
    }

    @Test
    void shouldSpreadTheIdsOfAFeedOverAllBuckets() {
        try (FactStore store = new FactStore()) {
            for (int i = 0; i < 25_600; i++) {
                store.add(new Fact.RequestExpired("%010d".formatted(i)));
            }
            for (int bucket = 0; bucket < FactStore.BUCKETS; bucket++) {
                List<Fact> facts = new ArrayList<>();
                store.read(bucket, facts::add);
                assertThat(facts).hasSizeBetween(50, 150);
            }
        }
    }

    private static List<Fact> all(FactStore store) {
        List<Fact> facts = new ArrayList<>();
        for (int bucket = 0; bucket < FactStore.BUCKETS; bucket++) {
            store.read(bucket, facts::add);
        }
        return facts;
    }
}
