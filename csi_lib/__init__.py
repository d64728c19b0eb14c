"""Customer-satisfaction studies of public agencies: measure, evaluate, report.

Every public call is ``csi_lib.<name>``. Names are resolved on first use (PEP 562), so that
``import csi_lib`` loads neither pandas nor anything else that takes time.
"""

from importlib import import_module

__version__ = "0.2.0"

#: public name -> module that holds it; the one list of what users may rely on
_PUBLIC = {
    "csi_lib.errors": ["InputError", "MeasureWarning"],
    # measure: pure statistics
    "csi_lib.measure.scale": ["rescale", "top_box", "bottom_box", "net_box", "nps"],
    "csi_lib.measure.example": ["example_answers"],
    "csi_lib.measure.alpha": ["cronbach_alpha"],
    "csi_lib.measure.cfa": ["cfa"],
    "csi_lib.measure.model_syntax": ["read_model"],
    "csi_lib.measure.pls": ["pls_path_model"],
    "csi_lib.measure.importance": ["importance"],
    "csi_lib.measure.stated_importance": ["stated_importance"],
    "csi_lib.measure.penalty_reward": ["penalty_reward"],
    "csi_lib.measure.ordinal": ["ordinal_alpha"],
    "csi_lib.measure.omega": ["mcdonald_omega"],
    "csi_lib.measure.split_half": ["split_half"],
    "csi_lib.measure.guttman": ["guttman_lambda"],
    "csi_lib.measure.retest": ["test_retest"],
    "csi_lib.measure.icc": ["icc"],
    "csi_lib.measure.kappa": ["cohen_kappa", "fleiss_kappa", "light_kappa"],
    "csi_lib.measure.krippendorff": ["krippendorff_alpha", "kendall_w"],
    "csi_lib.measure.adequacy": ["kmo", "bartlett_sphericity"],
    "csi_lib.measure.factor": ["efa"],
    "csi_lib.measure.retention": ["parallel_analysis", "minimum_average_partial"],
    "csi_lib.measure.content": ["content_validity_index", "content_validity_ratio"],
    "csi_lib.measure.validity": ["vif", "known_groups", "criterion_correlations", "common_method"],
    "csi_lib.measure.polychoric": ["polychoric"],
    "csi_lib.measure.invariance": ["invariance"],
    "csi_lib.measure.construct_validity": ["composite_reliability", "average_variance_extracted", "fornell_larcker"],
    "csi_lib.measure.htmt": ["htmt"],
    "csi_lib.measure.response_rates": ["outcome_rates"],
    # study: what is on disk
    "csi_lib.study.study": ["Study", "Job", "load_study"],
    "csi_lib.study.location": ["resolve_study", "bundled_studies"],
    "csi_lib.study.schema": ["json_schema", "write_schemas"],
    "csi_lib.study.template": ["new_study"],
    # survey: data meets codebook and design
    "csi_lib.survey.design": ["SurveyDesign"],
    "csi_lib.survey.reading": ["Survey", "read_survey"],
    "csi_lib.survey.importing": ["import_data"],
    "csi_lib.survey.estimates": ["Estimates"],
    "csi_lib.survey.description": ["describe"],
    "csi_lib.survey.replicates": ["ReplicateDesign"],
    "csi_lib.survey.weighting": ["rake", "post_stratify", "calibrate", "trim_weights"],
    "csi_lib.survey.nonresponse": ["adjust_nonresponse"],
    "csi_lib.survey.planning": ["sample_size", "margin_of_error", "allocate"],
    "csi_lib.survey.sampling_plan": ["read_plan", "plan_agency"],
    "csi_lib.survey.comparisons": ["adjust_p", "significance_letters", "rank_intervals"],
    "csi_lib.simulate.survey": ["simulate_study", "simulate_survey", "simulate_population"],
    # models
    "csi_lib.models.index": ["IndexModel"],
    "csi_lib.models.round": ["Round"],
    # evaluation: what agencies do with scores
    "csi_lib.chapters.grade.rules": ["absolute_grades", "relative_grades", "grade_probabilities", "two_years_running"],
    "csi_lib.chapters.grade.attainment": ["attainment_grades", "attainment_probabilities"],
    "csi_lib.models.valuation": ["person_values"],
    # evaluation and integrity
    "csi_lib.chapters.touch_points.compute": ["possible_bases"],
    "csi_lib.chapters.pretest.compute": ["item_analysis"],
    "csi_lib.chapters.integrity.compute": ["contamination_bounds", "overturning_share", "published_bounds"],
    # prose, tables, figures: what a reader sees
    "csi_lib.prose.escape": ["escape_markdown"],
    "csi_lib.prose.numbers": ["Interval", "Number"],
    "csi_lib.prose.particles": ["josa"],
    "csi_lib.prose.rounding": ["round_half_up"],
    "csi_lib.prose.sentences": ["Sentence", "say"],
    "csi_lib.prose.change": ["verdict"],
    "csi_lib.tables.table": ["Table"],
    "csi_lib.tables.estimates": ["change_table", "distribution_table", "rank_table"],
    "csi_lib.figures.figure": ["Figure"],
    "csi_lib.figures.theme": ["Theme"],
    "csi_lib.figures.performance": ["gauge", "surplus_ladder"],
    "csi_lib.figures.bars": ["caterpillar", "driver_bars", "group_bars", "index_bars", "item_dots"],
    "csi_lib.figures.heat": ["heat_table"],
    "csi_lib.figures.peers": ["peers_strip"],
    "csi_lib.figures.quadrants": ["portfolio"],
    "csi_lib.figures.shares": ["distribution", "likert_bars"],
    "csi_lib.figures.structure": ["structure_diagram"],
    "csi_lib.figures.tree": ["path_diagram"],
    "csi_lib.figures.words": ["word_chart"],
    "csi_lib.figures.strips": ["score_strips"],
    "csi_lib.figures.slopes": ["slope_chart"],
    "csi_lib.figures.trends": ["trend_lines"],
    # voice: free text
    "csi_lib.voice.cleaning": ["clean_comment"],
    "csi_lib.voice.scrubbing": ["scrub"],
    "csi_lib.voice.comments": ["read_comments"],
    # evaluation: what an office does with records
    "csi_lib.chapters.before_after.compute": ["before_after", "interrupted_series", "paired_change", "share_change"],
    "csi_lib.chapters.calls.compute": ["call_compliance", "pick_up"],
    "csi_lib.evaluation.clustered": ["clustered_means"],
    "csi_lib.chapters.happy_call.control_chart": ["control_limits"],
    "csi_lib.chapters.department_score.compute": ["combined_scores"],
    "csi_lib.chapters.happy_call.compute": ["item_from_counts"],
    "csi_lib.chapters.kindness.compute": ["rater_agreement", "score_sheets", "score_standing"],
    "csi_lib.simulate.office": ["simulate_office"],
    "csi_lib.evaluation.records": ["read_records"],
    "csi_lib.evaluation.systems": ["system_file"],
    "csi_lib.evaluation.presets": ["presets"],
    "csi_lib.chapters.grade.moves": ["grade_moves"],
    "csi_lib.figures.series": ["broken_series"],
    # reports and runs
    "csi_lib.report.chapter": ["Chapter", "open_chapter"],
    "csi_lib.run.pipeline": ["run_study"],
    "csi_lib.run.results": ["load_results"],
    # what is delivered
    "csi_lib.survey.letters": ["LetterRules"],
    "csi_lib.tables.banner": ["banner_tables"],
    "csi_lib.office.statistics_book": ["statistics_book"],
    "csi_lib.office.xlsx": ["write_workbook"],
    "csi_lib.run.delivery": ["deliver"],
    "csi_lib.run.attacking": ["attack"],
    "csi_lib.report.join": ["join_notebooks"],
    "csi_lib.report.theme": ["prepare_theme"],
    "csi_lib.report.project": ["write_project"],
    "csi_lib.report.render": ["render", "render_document", "available_renderers"],
    "csi_lib.run.execution": ["execute_chapter", "WarmKernels"],
}
_MODULE_OF = {name: module for module, names in _PUBLIC.items() for name in names}
__all__ = [*_MODULE_OF, "__version__"]


def __getattr__(name: str):
    try:
        module = _MODULE_OF[name]
    except KeyError:
        raise AttributeError(f"csi_lib has no public name {name!r}") from None
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *_MODULE_OF})
