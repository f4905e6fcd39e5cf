package io.sppostream.run.config;

/** The groups of settings, in the order of the reference. */
public enum SettingGroup {
    RUN("Run", "Name, length, start policy and folders of a run."),
    DATA("Data", "The problems to train on and to evaluate on."),
    SAMPLING("Sampling", "How responses are sampled, and by how many threads."),
    REWARD("Reward", "Which verifiers judge responses, and how their verdicts become rewards (docs/verifiers.md)."),
    ESTIMATOR(
            "Estimator",
            "How rewards become advantages (docs/estimators.md), and the join of rollouts, verdicts and values."),
    LEARNER(
            "Learner",
            "Training of the policy. The batch, warm-up, AdamW and thread settings also hold for the critic."),
    CRITIC("Critic", "Training of the value model."),
    WEIGHTS("Weights", "Publication of weights on the log (docs/log.md)."),
    STALENESS("Staleness", "How far sampling may run ahead of training."),
    BREAKERS("Breakers", "Conditions under which the policy learner pauses until ./sppo resume."),
    EVALUATION("Evaluation", "Accuracy on the held-out problems."),
    CLUSTER("Cluster", "The Kafka cluster and schema registry; both are embedded unless others are given."),
    OPERATION("Operation", "Health checks, metrics and logs of a process (docs/observability.md).");

    private final String title;
    private final String description;

    SettingGroup(String title, String description) {
        this.title = title;
        this.description = description;
    }

    public String title() {
        return title;
    }

    public String description() {
        return description;
    }
}
