#!/usr/bin/env python3
"""Other tools behind the interface of `postern inspect --json`: JSON lines in, findings out. Runs in the environment that
tools/quality-peers.sh makes; their models cannot be fetched here, so only what needs none takes part."""
import json
import logging
import sys

logging.disable(logging.CRITICAL)


def blank_nlp(languages):
    """An NLP engine without a trained model: words only, no lemmas of its own and no entities."""
    import spacy
    from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

    class Blank(NlpEngine):
        def __init__(self):
            self.nlp = {lang: spacy.blank(lang) for lang in languages}
            for nlp in self.nlp.values():
                nlp.max_length = 10**8

        def load(self):
            pass

        def is_loaded(self):
            return True

        def process_text(self, text, language):
            doc = self.nlp[language](text)
            return NlpArtifacts(entities=[], tokens=doc, tokens_indices=[t.idx for t in doc], lemmas=[t.lower_ for t in doc], nlp_engine=self, language=language)

        def process_batch(self, texts, language, **_):
            for t in texts:
                yield t, self.process_text(t, language)

        def is_stopword(self, word, language):
            return self.nlp[language].vocab[word].is_stop

        def is_punct(self, word, language):
            return self.nlp[language].vocab[word].is_punct

        def get_supported_entities(self):
            return []

        def get_supported_languages(self):
            return languages
    return Blank()


def presidio(every):
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    registry = RecognizerRegistry()
    if every:  # national recognisers that are off by default too
        import inspect as look

        from presidio_analyzer import EntityRecognizer, predefined_recognizers
        for _, cls in look.getmembers(predefined_recognizers, look.isclass):
            if issubclass(cls, EntityRecognizer) and not any(w in cls.__name__ for w in ("Spacy", "Stanza", "Transformers", "GLiNER", "Azure", "Basic", "LLM", "LangExtract", "Ner")):
                try:
                    registry.add_recognizer(cls(supported_language="en"))
                except Exception:
                    pass
    else:
        registry.load_predefined_recognizers(languages=["en"])
        registry.recognizers = [x for x in registry.recognizers if "Spacy" not in type(x).__name__]
    engine = AnalyzerEngine(registry=registry, nlp_engine=blank_nlp(["en"]), supported_languages=["en"])

    def scan(text):
        return [{"type": f.entity_type, "start": f.start, "end": f.end, "score": f.score} for f in engine.analyze(text=text, language="en", score_threshold=.4)]
    return scan


def without_models():
    """LLM Guard imports its model runtimes at the top; nothing of them is used here."""
    from importlib.machinery import ModuleSpec
    from unittest.mock import MagicMock
    for name in ("torch", "transformers", "transformers.pipelines", "transformers.pipelines.token_classification", "transformers.tokenization_utils", "transformers.tokenization_utils_fast"):
        module = MagicMock()
        module.__path__ = []
        module.__spec__ = ModuleSpec(name, None)
        if name.endswith("token_classification"):
            module.TokenClassificationPipeline = object
        sys.modules[name] = module


def llm_guard_secrets():
    """As Secrets.scan does it, which says what it found only by its redacted text: the same collection, the same settings."""
    without_models()
    import tempfile
    from pathlib import Path

    from detect_secrets.core.secrets_collection import SecretsCollection
    from detect_secrets.settings import transient_settings
    from llm_guard.input_scanners.secrets import Secrets
    config = Secrets()._detect_secrets_config
    folder = tempfile.TemporaryDirectory()
    file = Path(folder.name) / "prompt"

    def scan(text):
        secrets = SecretsCollection()
        file.write_text(text)
        with transient_settings(config):
            secrets.scan_file(str(file))
        out = []
        for name in secrets.files:
            for s in secrets[name]:
                at = text.find(s.secret_value) if s.secret_value else -1
                if at >= 0:
                    out.append({"type": s.type, "start": at, "end": at + len(s.secret_value), "score": 1.0})
        return out
    scan.folder = folder
    return scan


def llm_guard_patterns():
    without_models()
    from llm_guard.input_scanners.anonymize_helpers.analyzer import _add_recognizers
    from llm_guard.input_scanners.anonymize_helpers.regex_patterns import get_regex_patterns
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    registry = RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"])
    registry.recognizers = [x for x in registry.recognizers if "Spacy" not in type(x).__name__]
    _add_recognizers(registry, get_regex_patterns(), [])
    engine = AnalyzerEngine(registry=registry, nlp_engine=blank_nlp(["en"]), supported_languages=["en"])

    def scan(text):
        return [{"type": f.entity_type, "start": f.start, "end": f.end, "score": f.score} for f in engine.analyze(text=text, language="en", score_threshold=.5)]
    return scan


TOOLS = {"presidio": lambda: presidio(False), "presidio-all": lambda: presidio(True), "llm-guard-secrets": llm_guard_secrets, "llm-guard-patterns": llm_guard_patterns}


def main():
    answer, sys.stdout = sys.stdout, sys.stderr  # their libraries print
    scan = TOOLS[sys.argv[1]]()
    for line in sys.stdin:
        row = json.loads(line)
        print(json.dumps({"id": row["id"], "findings": scan(row["text"])}), file=answer)


if __name__ == "__main__":
    main()
