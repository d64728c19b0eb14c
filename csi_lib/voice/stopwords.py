"""Words that carry no matter of their own, and are neither counted nor looked for."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Korean nouns
STOP_KO = _words("""
    으 로 랑 께 은 는 가 을 를 에 도 만 요 여기
    자주 앞으로 바로 빨리 함께 가장 다시 아주 매우 별로 되지 하지 않고 때마다 여러
    한 달 편 이하 이상 그냥 약간 이유 상황 방법 사람 사람들 문 길 쪽 바 적 일 해
    것 수 등 때 점 분 곳 거 및 더 좀 데 번 줄 말 안 저 나 너 우리 저희 제 그 이 그것 이것 여기
    거기 저기 뭐 무엇 어디 누구 때문 정도 경우 부분 생각 사용 이용 감사 부탁 느낌 의견 사항 관련 대부분
    전체 전반 지금 요즘 이번 오늘 어제 내일 올해 작년 매번 앞 뒤 위 아래 속 중 후 전 간 건 측 식 듯
    만큼 대로 뿐 하나 둘 모두 다 조금 많이 정말 너무 항상 늘 예전 계속 필요 기분 마음
""")
#: Korean predicates that say little without their noun
LIGHT = _words("""
    하다 되다 있다 이다 같다 보다 주다 싶다 오다 가다 들다 나다 드리다 계시다 그렇다 이렇다 어떻다 않다
    말다 받다 바라다 좋겠다
""")
#: English words
STOP_EN = _words("""
    anyone anything clearly everyone everything nothing someone something
    a about above after again all also always am an and any are as at be because been before being
    between both but by can could did do does doing don down during each even ever every few for from
    further get got had has have having he her here him his how i if in into is it its just know like
    made make many me more most much my no nor not now of off on once one only or other our out over own
    please quite really same see she should so some such than that the their them then there these they
    thing things this those through time to too under until up us use used using very want was we well
    were what when where which while who whom why will with would yes you your
""")
#: words of questionnaires that say nothing about the topic
GENERIC = _words("""
    만족 만족도 서비스 기관 고객 업무 이용 전반 정도 수준 종합 직원 담당자 요청 나 문제 적절성 우수성
    용이성 편리성 편의성 satisfaction service staff agency customer
    request matter level quality overall ease suitability
""")
