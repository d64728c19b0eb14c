"""What a study is on disk: parameters, agencies, codebooks; validated, with errors in words."""
